// Owns how the functions between an endpoint and a usage are written.
import { Link } from '@tanstack/react-router'
import { Fragment } from 'react'
import type { ChainStep } from '@/api/types'

export function ChainText({ chain }: { chain: readonly ChainStep[] }) {
  return (
    <span className="chain small">
      {chain.map((step, index) => (
        <Fragment key={index}>
          {index > 0 && <span className="faint"> → </span>}
          <Link from="/p/$project" to="/p/$project/files/$" params={(now) => ({ ...now, _splat: step.file_path })} className="mono" title={step.file_path}>
            {step.symbol || step.file_path.slice(step.file_path.lastIndexOf('/') + 1)}
          </Link>
        </Fragment>
      ))}
    </span>
  )
}
