"""Content-addressed, encrypted storage of snapshots, on local disk or S3; it knows neither engines nor our store.

`vault.Vault` opens `blobs.Blobs` (`local`, `s3`) with `keys`. `snapshot_writer` cuts tables into chunks (`chunker`);
`chunk_encoder` encodes them as `pages`, or as `deltas` to what the parent has, which are compressed (`codecs`) and
encrypted into `packs`. A `tree` lists them, a `manifest` makes them a snapshot, `table_reader` yields the rows, and
`leases` protect what a writer builds on. `garbage_collection` deletes what nothing needs, `verification` finds damage,
`repair` mends it where there is a copy (`repair_log`).
"""
