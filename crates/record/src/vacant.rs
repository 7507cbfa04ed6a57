//! A place for a record: where it is parsed to, and stays.

use crate::audit::Audit;
use crate::origin::Origin;
use crate::record::{Body, Record};

/// The place of an audit record that is still empty. A record is 600 bytes, written in small pieces: who moves it waits
/// until all of them are there. So it is parsed where it is to stay.
#[derive(Debug)]
pub struct Vacant<'r, 'a>(pub(crate) &'r mut Audit<'a>);

impl<'a> Audit<'a> {
    /// The record that `fill` writes, in its place.
    ///
    /// # Errors
    /// Those of `fill`.
    #[inline(always)]
    pub fn filled<E>(fill: impl FnOnce(Vacant<'_, 'a>) -> Result<(), E>) -> Result<Self, E> {
        let mut filled = Ok(Self::default());
        if let Ok(audit) = &mut filled
            && let Err(error) = fill(Vacant(audit))
        {
            filled = Err(error);
        }
        filled
    }
}

impl<'a> Record<'a> {
    /// The record of an origin whose audit record `fill` writes, in its place.
    ///
    /// # Errors
    /// Those of `fill`.
    #[inline(always)]
    pub fn filled<E>(
        origin: Origin<'a>,
        fill: impl FnOnce(Vacant<'_, 'a>) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut filled = Ok(Self { origin, body: Body::Audit(Audit::default()) });
        if let Ok(Self { body: Body::Audit(audit), .. }) = &mut filled
            && let Err(error) = fill(Vacant(audit))
        {
            filled = Err(error);
        }
        filled
    }
}
