//! A strict JSON reader that keeps positions, escapes and number texts.
