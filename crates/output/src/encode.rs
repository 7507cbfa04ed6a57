//! The encoder: which form, which cap.

use crate::wire::write_fitted;
use crate::{Alert, Closing, Cut, Operational, Output, Reject, Rollup, flat, ocsf};

/// The form of alerts and closing updates. Rollups, rejects and operational alerts have one form each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AlertFormat {
    /// OCSF Detection Finding.
    Ocsf {
        /// The version whose attributes are used.
        version: OcsfVersion,
    },
    /// One flat object by our own names.
    Flat,
}

/// A version of OCSF. 1.1.0 is what older consumers take; it lacks `is_alert`, tags, the number of related
/// events and the mark of truncation, which then stand only under `unmapped`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OcsfVersion {
    /// 1.1.0 of January 2024.
    V1_1_0,
    /// 1.8.0.
    V1_8_0,
}

impl OcsfVersion {
    /// The version as `metadata.version` states it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_1_0 => "1.1.0",
            Self::V1_8_0 => "1.8.0",
        }
    }
}

/// The most bytes that one message value may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SizeCap(usize);

impl SizeCap {
    /// What a document cut to [`Cut::Texts`] fits into, whatever its content.
    pub const MIN: Self = Self(256 * 1024);
    /// Below Kafka's default `max.message.bytes` (1,048,588) with room for key and headers.
    pub const DEFAULT: Self = Self(900 * 1024);

    /// A cap, unless it is below [`SizeCap::MIN`].
    #[must_use]
    pub const fn new(bytes: usize) -> Option<Self> {
        if Self::MIN.0 <= bytes { Some(Self(bytes)) } else { None }
    }

    /// The cap in bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        self.0
    }
}

/// Turns outputs into message values.
///
/// Each method appends one JSON object without a line end to `out` and says what had to be left out.
#[derive(Clone, Copy, Debug)]
pub struct Encoder {
    format: AlertFormat,
    cap: SizeCap,
}

impl Encoder {
    /// An encoder with the default cap.
    #[must_use]
    pub const fn new(format: AlertFormat) -> Self {
        Self { format, cap: SizeCap::DEFAULT }
    }

    /// The same with another cap.
    #[must_use]
    pub const fn with_cap(self, cap: SizeCap) -> Self {
        Self { cap, ..self }
    }

    /// The form of alerts.
    #[must_use]
    pub const fn format(&self) -> AlertFormat {
        self.format
    }

    /// Appends any output.
    pub fn output(&self, output: &Output<'_>, out: &mut Vec<u8>) -> Cut {
        match output {
            Output::Alert(alert) => self.alert(alert, out),
            Output::Closing(closing) => self.closing(closing, out),
            Output::Rollup(rollup) => self.rollup(rollup, out),
            Output::Reject(reject) => self.reject(reject, out),
            Output::Operational(operational) => self.operational(operational, out),
        }
    }

    /// Appends an alert.
    pub fn alert(&self, alert: &Alert<'_>, out: &mut Vec<u8>) -> Cut {
        match self.format {
            AlertFormat::Ocsf { version } => {
                write_fitted(self.cap.0, out, |fit| ocsf::alert(alert, version, fit))
            }
            AlertFormat::Flat => write_fitted(self.cap.0, out, |fit| flat::alert(alert, fit)),
        }
    }

    /// Appends a closing update.
    pub fn closing(&self, closing: &Closing<'_>, out: &mut Vec<u8>) -> Cut {
        match self.format {
            AlertFormat::Ocsf { version } => {
                write_fitted(self.cap.0, out, |fit| ocsf::closing(closing, version, fit))
            }
            AlertFormat::Flat => write_fitted(self.cap.0, out, |fit| flat::closing(closing, fit)),
        }
    }

    /// Appends a rollup's row.
    pub fn rollup(&self, rollup: &Rollup<'_>, out: &mut Vec<u8>) -> Cut {
        write_fitted(self.cap.0, out, |fit| flat::rollup(rollup, fit))
    }

    /// Appends a reject.
    pub fn reject(&self, reject: &Reject<'_>, out: &mut Vec<u8>) -> Cut {
        write_fitted(self.cap.0, out, |fit| flat::reject(reject, fit))
    }

    /// Appends an operational alert.
    pub fn operational(&self, operational: &Operational<'_>, out: &mut Vec<u8>) -> Cut {
        write_fitted(self.cap.0, out, |fit| flat::operational(operational, fit))
    }
}
