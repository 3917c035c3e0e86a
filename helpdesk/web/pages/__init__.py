"""One module or package per audience; each that has a `blueprint` is registered by itself."""
