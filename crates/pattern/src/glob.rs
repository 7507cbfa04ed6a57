//! Texts with `*`, compiled.
//!
//! The service's way (its quirk is kept, see `PATTERNS.md`): the first part begins the text; each further
//! part is taken where it first occurs behind the one before; the last one must end the text at that place,
//! without trying a later one. So `*1` does not match `101`. Linear in the text.

use memchr::memmem::Finder;

/// A compiled text with `*`.
#[derive(Debug)]
pub(crate) enum Glob {
    /// No `*`.
    Exact(Box<[u8]>),
    /// Parts between `*`.
    Parts(Box<Parts>),
}

/// What stands between `*`.
#[derive(Debug)]
pub(crate) struct Parts {
    prefix: Box<[u8]>,
    middle: Vec<Finder<'static>>,
    /// `None` if the text ends with `*`.
    last: Option<Finder<'static>>,
}

impl Glob {
    pub(crate) fn compile(text: &str) -> Self {
        let mut parts: Vec<&[u8]> = text.split('*').map(str::as_bytes).collect();
        let finder = |part: &[u8]| Finder::new(part).into_owned();
        match (parts.len() > 1).then(|| parts.pop()).flatten() {
            None => Self::Exact(text.as_bytes().into()),
            Some(last) => Self::Parts(Box::new(Parts {
                prefix: parts.first().copied().unwrap_or_default().into(),
                middle: parts
                    .iter()
                    .skip(1)
                    .filter(|part| !part.is_empty())
                    .map(|part| finder(part))
                    .collect(),
                last: (!last.is_empty()).then(|| finder(last)),
            })),
        }
    }

    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        match self {
            Self::Exact(exact) => text == &**exact,
            Self::Parts(parts) => parts.matches(text),
        }
    }

    /// The longest part: every text that matches holds it. `None` if there is none worth looking for.
    pub(crate) fn required(&self) -> Option<&[u8]> {
        let Self::Parts(parts) = self else { return None };
        let found = parts.middle.iter().chain(&parts.last).map(|finder| finder.needle());
        found.chain([&*parts.prefix]).max_by_key(|part| part.len()).filter(|part| part.len() > 1)
    }
}

impl Parts {
    fn matches(&self, text: &[u8]) -> bool {
        let Some(mut rest) = text.strip_prefix(&*self.prefix) else { return false };
        for part in &self.middle {
            let Some(at) = part.find(rest) else { return false };
            rest = rest.get(at + part.needle().len()..).unwrap_or_default();
        }
        match &self.last {
            None => true,
            Some(last) => last.find(rest).is_some_and(|at| at + last.needle().len() == rest.len()),
        }
    }
}
