//! A plain zero-copy parser of audit records: what one writes in an afternoon, and what ours is measured by.
//!
//! Lines by `memchr`, each split at `" : "`, its label compared with the known ones, names and numbers taken
//! apart by hand. It believes what it reads: user names with line ends fool it, odd spacing loses fields,
//! the printed time is not checked, nothing is said about anomalies. On the corpus of this crate, which has
//! none of these, it gives the same record as ours.

#![expect(clippy::indexing_slicing, reason = "positions are memchr's; nobody's afternoon parser writes get")]

use hsmstream_record::{Audit, Outcome, Response, Session};
use memchr::{memchr, memchr_iter, memrchr};

/// Parses a frame; `None` if it is no record.
#[must_use]
pub fn parse(frame: &[u8]) -> Option<Audit<'_>> {
    let mut audit = Audit::default();
    let text = frame.strip_suffix(b"\n").unwrap_or(frame);
    audit.raw = text.into();
    let mut start = 0;
    let mut sequence = None;
    for end in memchr_iter(b'\n', text).chain([text.len()]) {
        let line = &text[start..end];
        start = end + 1;
        let Some(colon) = memchr(b':', line) else { continue };
        let label = line[..colon].trim_ascii_end();
        let value = line[colon + 1..].strip_prefix(b" ").unwrap_or(&line[colon + 1..]);
        if label == b"Sequence No" {
            sequence = hexadecimal(value);
        } else {
            set(&mut audit, label, value)?;
        }
    }
    audit.sequence = sequence?;
    Some(audit)
}

fn set<'a>(audit: &mut Audit<'a>, label: &[u8], value: &'a [u8]) -> Option<()> {
    match label {
        b"Time" => audit.usecs = clock(value)?,
        b"Version No" => audit.version = Some(value),
        b"Reboot counter" => audit.reboot = Some(u32::try_from(hexadecimal(value)?).ok()?),
        b"Command Type(hex)" => (audit.command_type, audit.command_type_code) = named(value),
        b"Opcode" => (audit.opcode, audit.opcode_code) = named(value),
        b"Session Handle" => audit.session = Some(Session { text: value, handle: hexadecimal(value)? }),
        b"Response" => audit.response = Some(response(value)?),
        b"Log type" => (audit.log_type, audit.log_type_code) = named(value),
        b"User Name" => audit.user.name = Some(value),
        b"User Type" => (audit.user.user_type, audit.user.type_code) = named(value),
        b"User id" => audit.user.id = Some(value),
        b"Target User Name" => audit.details_mut().target_user.name = Some(value),
        b"Target User Type" => {
            let target = &mut audit.details_mut().target_user;
            (target.user_type, target.type_code) = named(value);
        }
        b"Target User id" => audit.details_mut().target_user.id = Some(value),
        b"Priv/Secret Key Handle" => audit.key.private_handle = decimal(value),
        b"Public Key Handle" => audit.key.public_handle = decimal(value),
        b"Mechanism" => audit.details_mut().mechanism = Some(value),
        b"Mfa enabled" => audit.details_mut().mfa_enabled = Some(value),
        b"local time" => audit.details_mut().local_time_usecs = Some(clock(value)?),
        b"host time" => audit.details_mut().host_time_usecs = Some(clock(value)?),
        b"propagation delay" => audit.details_mut().propagation_delay_usecs = Some(clock(value)?),
        _ => {}
    }
    Some(())
}

/// `…usecs:NUMBER`: the digits behind the last colon.
fn clock(value: &[u8]) -> Option<u64> {
    let colon = memrchr(b':', value)?;
    decimal(&value[colon + 1..])
}

/// `NAME (CODE)`.
fn named(value: &[u8]) -> (Option<&[u8]>, Option<u64>) {
    let Some(open) = memrchr(b'(', value) else { return (Some(value), None) };
    let name = value[..open].trim_ascii_end();
    let code = value[open + 1..].strip_suffix(b")").and_then(number);
    (Some(name), code)
}

/// `CODE:HSM Return: WORDS`.
fn response(value: &[u8]) -> Option<Response<'_>> {
    let colon = memchr(b':', value)?;
    let code = decimal(&value[..colon])?;
    let words = &value[colon + 1..];
    let (text, outcome) = if let Some(words) = words.strip_prefix(b"HSM Return: ") {
        (words, Outcome::Success)
    } else if let Some(words) = words.strip_prefix(b"HSM Error: ") {
        (words, Outcome::Failure)
    } else {
        (words, if code == 0 { Outcome::Success } else { Outcome::Failure })
    };
    Some(Response { code, text, outcome })
}

fn number(value: &[u8]) -> Option<u64> {
    if value.starts_with(b"0x") { hexadecimal(value) } else { decimal(value) }
}

fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 { None } else { number.checked_mul(10)?.checked_add(u64::from(digit)) }
    })
}

fn hexadecimal(value: &[u8]) -> Option<u64> {
    let digits = value.strip_prefix(b"0x")?;
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, &byte| Some(number << 4 | u64::from((byte as char).to_digit(16)?)))
}
