"""Content-addressed, encrypted storage of snapshots, on local disk or S3; it knows neither engines nor our store.

`vault.Vault` opens a place of `blobs.Blobs` (`local`, `remote`) with `keys`. `writing` cuts tables into chunks
(`borders`); `encoding` makes `pages` of them, or `deltas` to what the parent has, which go compressed (`codecs`) and
encrypted into `packs`. A `tree` lists them, a `manifest` makes them a snapshot, `reading` gives the rows back, `leases`
keep what a writer builds on. `collecting` gives back the room of what nothing needs, `verifying` finds damage,
`repairing` puts it right where there is a copy (`repairs`).
"""
