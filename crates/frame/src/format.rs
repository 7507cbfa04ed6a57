//! The names of the formats a message can have.

use core::fmt;
use core::str::FromStr;

/// What a message is. Complete by nature: the list is the contract's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Format {
    /// Any of the others, told by the first bytes, or by the keys of a JSON object.
    #[default]
    Auto,
    /// One or many records as text.
    Raw,
    /// One CloudWatch log event as JSON.
    Event,
    /// Subscription envelopes, back to back or a line each.
    Envelope,
    /// The event of a Lambda function: base64 of gzip of an envelope.
    Lambda,
    /// The event of a Lambda function that reads Kinesis: the same, many of them.
    Kinesis,
    /// A Firehose HTTP request: base64 of anything.
    Firehose,
    /// JSON output of `aws logs filter-log-events` or `get-log-events`.
    CliJson,
    /// Text output of `aws logs filter-log-events`.
    CliText,
    /// An object of a CloudWatch Logs export task.
    S3Export,
    /// CloudTrail events.
    CloudTrail,
    /// A metric stream's JSON lines.
    MetricStream,
    /// Certificate-storage records.
    Certificate,
}

impl Format {
    /// All formats, in the order of the contract.
    pub const ALL: [Self; 13] = [
        Self::Auto,
        Self::Raw,
        Self::Event,
        Self::Envelope,
        Self::Lambda,
        Self::Kinesis,
        Self::Firehose,
        Self::CliJson,
        Self::CliText,
        Self::S3Export,
        Self::CloudTrail,
        Self::MetricStream,
        Self::Certificate,
    ];

    /// The format's name in configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Raw => "raw",
            Self::Event => "event",
            Self::Envelope => "envelope",
            Self::Lambda => "lambda",
            Self::Kinesis => "kinesis",
            Self::Firehose => "firehose",
            Self::CliJson => "cli-json",
            Self::CliText => "cli-text",
            Self::S3Export => "s3-export",
            Self::CloudTrail => "cloudtrail",
            Self::MetricStream => "metric-stream",
            Self::Certificate => "certificate",
        }
    }

    /// Whether a message of this format is JSON.
    pub(crate) const fn is_json(self) -> bool {
        !matches!(self, Self::Auto | Self::Raw | Self::CliText | Self::S3Export)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// A name that is no format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownFormat {
    name: String,
}

impl UnknownFormat {
    /// The format whose name is nearest, if one is near.
    #[must_use]
    pub fn nearest(&self) -> Option<Format> {
        let distance = |format: &Format| strsim::osa_distance(&self.name, format.as_str());
        Format::ALL.into_iter().min_by_key(distance).filter(|format| distance(format) <= 3)
    }
}

impl fmt::Display for UnknownFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "unknown format \"{}\"", self.name.escape_debug())?;
        match self.nearest() {
            Some(format) => write!(formatter, ", did you mean \"{format}\"?"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for UnknownFormat {}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let found = Self::ALL.into_iter().find(|format| format.as_str() == name);
        found.ok_or_else(|| UnknownFormat { name: name.to_owned() })
    }
}
