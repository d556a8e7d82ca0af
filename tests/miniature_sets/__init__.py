"""Small sets in exactly the layouts that sources read, one module a source: `make(root)` writes one."""
