//! The core schema: which plain scalars are not text (YAML 1.2.2, section 10.3.2).

use super::{Scalar as Written, Style};

/// A scalar's meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar<'a> {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number, if it fits; `None` stands for one that does not.
    Integer(Option<i128>),
    /// Any other number.
    Float,
    /// Everything else.
    Text(&'a str),
}

/// The meaning of a scalar: only plain ones can be anything but text.
pub(crate) fn resolve(scalar: &Written) -> Scalar<'_> {
    let text = scalar.text.as_str();
    if scalar.style != Style::Plain {
        return Scalar::Text(text);
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        _ if is_digits(text.strip_prefix(['+', '-']).unwrap_or(text)) => Scalar::Integer(text.parse().ok()),
        _ => radix(text).unwrap_or_else(|| if is_float(text) { Scalar::Float } else { Scalar::Text(text) }),
    }
}

/// `0o17` and `0x1F`.
fn radix(text: &str) -> Option<Scalar<'_>> {
    let (digits, radix) = match (text.strip_prefix("0o"), text.strip_prefix("0x")) {
        (Some(digits), _) => (digits, 8),
        (None, Some(digits)) => (digits, 16),
        (None, None) => return None,
    };
    let whole = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    whole.then(|| Scalar::Integer(i128::from_str_radix(digits, radix).ok()))
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`, the infinities and not-a-number.
fn is_float(text: &str) -> bool {
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(body, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let (mantissa, exponent) = match body.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (body, None),
    };
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => is_digits(fraction),
        Some((whole, fraction)) => is_digits(whole) && (fraction.is_empty() || is_digits(fraction)),
        None => is_digits(mantissa),
    };
    let exponent_fits = exponent.is_none_or(|text| is_digits(text.strip_prefix(['+', '-']).unwrap_or(text)));
    mantissa_fits && exponent_fits
}

/// At least one decimal digit and nothing else.
fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
