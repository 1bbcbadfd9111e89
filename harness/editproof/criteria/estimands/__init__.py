"""The built-in estimands: every factory in a module of this package is registered, and named by `editproof`."""
