//! Where changes of state go: the changelog.

/// Takes one changelog entry: key, and value or `None` for a deletion. Borrowed for the call.
pub type Changes<'f> = dyn FnMut(&[u8], Option<&[u8]>) + 'f;
