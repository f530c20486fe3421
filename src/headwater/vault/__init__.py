"""Content-addressed, encrypted storage of snapshots, on local disk or S3; it depends on neither engines nor our store.

`vault.Vault` opens `blobs.Blobs` (`local`, `s3`) with `keys`. `snapshot_writer` splits tables into chunks (`chunker`);
`chunk_encoder` encodes them as `pages`, or as `deltas` against the parent's chunks, which are compressed (`codecs`) and
encrypted into `packs`. A `tree` lists them, a `manifest` makes them a snapshot, `table_reader` yields the rows, and
`leases` protect the packs that a writer depends on. `garbage_collection` deletes unused packs, `verification` finds
damage, `repair` fixes it where there is a copy (`repair_log`).
"""
