"""Reception: HTTP requests in, answers out; what may be done is decided further down."""
