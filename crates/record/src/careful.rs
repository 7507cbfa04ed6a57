//! The careful parser: the definition of what a record is. A faster one must agree with it on every byte.
//!
//! One pass over the frame's lines, in the order printed; nothing is allocated, nothing is skipped.

use crate::anomaly::Anomaly;
use crate::audit::{Audit, Details, Outcome};
use crate::boundary::trim_end;
use crate::extra::{self, LABELS_MAX};
use crate::label::Label;
use crate::limits::Limits;
use crate::pieces::Pieces;
use crate::reading::{Base, Reading, name_code};
use crate::reason::{Malformed, Reason};
use crate::time;
use crate::walk::{Step, Walk};

/// Parses a frame as [`crate::parse`] does, always with the careful parser: for tests, and to switch the fast
/// one off.
///
/// # Errors
/// The frame is no record: the first reason that applies, in the order of [`Reason::ALL`].
#[inline(never)]
pub fn parse<'a>(frame: &'a [u8], limits: &Limits) -> Result<Audit<'a>, Malformed> {
    let raw = trim_end(frame);
    check_size(raw, limits)?;
    let mut walk = Walk::new(raw);
    let mut audit = Audit { raw: raw.into(), ..Audit::default() };
    read_time(&mut audit, &mut walk)?;
    let mut sequence = None;
    while let Some((piece, step)) = walk.next() {
        match step {
            Step::Field(Label::Sequence, Reading::Number(number)) => sequence = Some(number),
            Step::Field(Label::Sequence, _) => return Err(Malformed::new(Reason::BadSequence, piece.offset)),
            Step::Field(label, reading) => set(&mut audit, label, reading),
            Step::Extra(..) => audit.extra_lines = audit.extra_lines.saturating_add(1),
            Step::Dropped => {}
        }
    }
    audit.sequence = sequence.ok_or(Malformed::new(Reason::MissingSequence, raw.len()))?;
    audit.anomalies = audit.anomalies.union(walk.anomalies);
    finish(&mut audit);
    if audit.opcode.is_none() && audit.command_type.is_none() {
        return Err(Malformed::new(Reason::MissingOpcode, raw.len()));
    }
    Ok(audit)
}

fn check_size(raw: &[u8], limits: &Limits) -> Result<(), Malformed> {
    if raw.len() > limits.frame_bytes_max {
        return Err(Malformed::new(Reason::TooLarge, 0));
    }
    let line_ends = memchr::memchr_iter(b'\n', raw).count();
    if u32::try_from(line_ends).map_or(true, |count| count >= limits.frame_lines_max) {
        return Err(Malformed::new(Reason::TooManyLines, 0));
    }
    Ok(())
}

/// The first line has to be the time.
fn read_time<'a>(audit: &mut Audit<'a>, walk: &mut Walk<Pieces<'a>>) -> Result<(), Malformed> {
    match walk.next() {
        Some((_, Step::Field(Label::Time, Reading::Clock(usecs, printed)))) => {
            audit.usecs = usecs;
            match time::parse_printed(printed) {
                None => audit.anomalies.insert(Anomaly::BadPrintedTime),
                Some(printed) if printed.abs_diff(usecs) > time::MISMATCH_USECS_MAX => {
                    audit.anomalies.insert(Anomaly::TimeMismatch);
                }
                Some(_) => {}
            }
            Ok(())
        }
        Some((piece, Step::Field(Label::Time, _))) => Err(Malformed::new(Reason::BadTime, piece.offset)),
        _ => Err(Malformed::new(Reason::NotARecord, 0)),
    }
}

/// Sets one field. Texts `NAME (CODE)` are split when all lines have been seen.
#[inline(always)]
fn set<'a>(audit: &mut Audit<'a>, label: Label, reading: Reading<'a>) {
    let text = if let Reading::Text(text) = reading { Some(text) } else { None };
    let number = match reading {
        Reading::Number(number) | Reading::Clock(number, _) => Some(number),
        _ => None,
    };
    match label {
        Label::Time | Label::Sequence => {}
        Label::Version => audit.version = text,
        Label::Reboot => audit.reboot = number.and_then(|number| u32::try_from(number).ok()),
        Label::CommandType => audit.command_type = text,
        Label::Opcode => audit.opcode = text,
        Label::Session => {
            audit.session = if let Reading::Session(session) = reading { Some(session) } else { None }
        }
        Label::Response => {
            audit.response = if let Reading::Response(response) = reading { Some(response) } else { None };
        }
        Label::LogType => audit.log_type = text,
        Label::UserName => audit.user.name = text,
        Label::UserType => audit.user.user_type = text,
        Label::UserId => audit.user.id = text,
        Label::TargetUserName => audit.details_mut().target_user.name = text,
        Label::TargetUserType => audit.details_mut().target_user.user_type = text,
        Label::TargetUserId => audit.details_mut().target_user.id = text,
        Label::PrivateKey => audit.key.private_handle = number,
        Label::PublicKey => audit.key.public_handle = number,
        Label::ObjectKey => audit.key.object_handle = number,
        Label::Mechanism => audit.details_mut().mechanism = text,
        Label::UserCount => audit.details_mut().user_count = text,
        Label::MfaEnabled => audit.details_mut().mfa_enabled = text,
        Label::UserIds => audit.details_mut().user_ids = text,
        Label::Operation => audit.details_mut().operation = text,
        Label::LocalTime => audit.details_mut().local_time_usecs = number,
        Label::HostTime => audit.details_mut().host_time_usecs = number,
        Label::PropagationDelay => audit.details_mut().propagation_delay_usecs = number,
    }
}

/// Does what needs all lines: splits names from codes, compares, counts.
fn finish(audit: &mut Audit<'_>) {
    let mut details = *audit.details();
    let Audit { user, anomalies, .. } = audit;
    let target_user = &mut details.target_user;
    let named = [
        (&mut audit.command_type, &mut audit.command_type_code, Base::Hex),
        (&mut audit.opcode, &mut audit.opcode_code, Base::Hex),
        (&mut audit.log_type, &mut audit.log_type_code, Base::Decimal),
        (&mut user.user_type, &mut user.type_code, Base::Decimal),
        (&mut target_user.user_type, &mut target_user.type_code, Base::Decimal),
        (&mut details.operation, &mut details.operation_code, Base::Decimal),
    ];
    for (name, code, base) in named {
        match name.map(|text| name_code(text, base)) {
            Some(Ok(split)) => (*name, *code) = (Some(split.0), split.1),
            Some(Err(_)) => anomalies.insert(Anomaly::BadValue),
            None => {}
        }
    }
    if audit.response.is_some_and(|response| response.outcome != Outcome::of_code(response.code)) {
        anomalies.insert(Anomaly::ResponseConflict);
    }
    let many = usize::try_from(audit.extra_lines).map_or(true, |lines| lines > LABELS_MAX);
    if many && extra::exceeds_limit(Walk::new(audit.raw.bytes())) {
        anomalies.insert(Anomaly::ExtraTruncated);
    }
    if details != Details::NONE {
        *audit.details_mut() = details;
    }
}
