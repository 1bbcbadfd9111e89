"""What a run left: measurements, record, protocol and lock, schema, bundle, attestation."""
