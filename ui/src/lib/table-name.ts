// Owns how tables are named: as the API takes them, and as they stand in an address.
interface Named {
  schema?: string | null
  name: string
}

/** "public.orders", or the name alone where there are no schemas. */
export const tableName = ({ schema, name }: Named): string => (schema ? `${schema}.${name}` : name)

/** The name of a relation in the address: with its schema unless that is `public`. */
export const tableAddress = ({ schema, name }: Named): string => tableName({ name, schema: schema === 'public' ? null : schema })
