//! What lines say: the fields of a record, whether they are believed, and all that is odd about them.
//!
//! In: known labels with their values, in the order printed. Out: an audit record, or the reason why there is none.
//!
//! Each value is read by the function that the careful parser reads it with, or by a shorter way to the same.

use crate::anomaly::{Anomalies, Anomaly};
use crate::audit::{Audit, Details, Outcome, Response, Session, User};
use crate::label::Label;
use crate::lines::{self, Named, ShortCode};
use crate::reading::{self, Base, Reading};
use crate::reason::{Malformed, Reason};
use crate::swar;
use crate::time;
use crate::walk::{Belief, Trust};

/// What the lines so far say besides fields.
pub(super) struct State {
    pub(super) trust: Trust,
    v2: bool,
    pub(super) anomalies: Anomalies,
    pub(super) extra_lines: u32,
}

impl State {
    #[inline(always)]
    pub(super) const fn new() -> Self {
        Self { trust: Trust::NONE, v2: false, anomalies: Anomalies::NONE, extra_lines: 0 }
    }

    /// A line is kept as text, if it has a value.
    #[inline(always)]
    pub(super) fn put_aside(&mut self, value: &[u8]) {
        // Positions have 32 bits, so there are not more lines.
        self.extra_lines = self.extra_lines.wrapping_add(u32::from(!value.is_empty()));
    }

    /// Puts a value where it belongs, if it is believed; it is the end of `line`. `None`: it is no sequence number, and has
    /// to be one.
    #[inline(always)]
    pub(super) fn put<'a>(
        &mut self,
        audit: &mut Audit<'a>,
        label: Label,
        line: &'a [u8],
        value: &'a [u8],
    ) -> Option<()> {
        match self.trust.judge(label, self.v2, &mut self.anomalies) {
            Belief::Taken => {}
            Belief::Repeated => return Some(()),
            Belief::Aside => {
                self.put_aside(value);
                return Some(());
            }
        }
        if set(audit, self, label, line, value).is_none() {
            if label == Label::Sequence {
                return None;
            }
            self.anomalies.insert(Anomaly::BadValue);
            self.put_aside(value);
        }
        Some(())
    }

    /// Puts the first line's time: the microseconds, and the time as printed.
    #[inline]
    pub(super) fn put_time(&mut self, audit: &mut Audit<'_>, (usecs, printed): (u64, &[u8])) {
        self.trust.judge(Label::Time, false, &mut self.anomalies);
        audit.usecs = usecs;
        let usual = if printed.len() == 24 { printed.first_chunk().and_then(swar::printed) } else { None };
        match usual.or_else(|| time::parse_printed(printed)) {
            None => self.anomalies.insert(Anomaly::BadPrintedTime),
            Some(printed) if printed.abs_diff(usecs) > time::MISMATCH_USECS_MAX => {
                self.anomalies.insert(Anomaly::TimeMismatch);
            }
            Some(_) => {}
        }
    }

    /// Does what needs all lines: splits names from codes, compares, counts.
    #[inline(always)]
    pub(super) fn finish(&self, audit: &mut Audit<'_>) -> Result<(), Malformed> {
        let end = audit.raw.parsed().0.len();
        if !self.trust.has_seen(Label::Sequence) {
            return Err(Malformed::new(Reason::MissingSequence, end));
        }
        if audit.opcode.is_none() && audit.command_type.is_none() {
            return Err(Malformed::new(Reason::MissingOpcode, end));
        }
        let mut anomalies = self.anomalies;
        let user = &mut audit.user;
        (user.user_type, user.type_code) = named(user.user_type, Base::Decimal, &mut anomalies);
        let Details { target_user: User { user_type, .. }, operation, .. } = *audit.details();
        if user_type.is_some() {
            let target = &mut audit.details_mut().target_user;
            (target.user_type, target.type_code) = named(user_type, Base::Decimal, &mut anomalies);
        }
        if operation.is_some() {
            let details = audit.details_mut();
            (details.operation, details.operation_code) = named(operation, Base::Decimal, &mut anomalies);
        }
        if audit.response.is_some_and(|response| response.outcome != Outcome::of_code(response.code)) {
            anomalies.insert(Anomaly::ResponseConflict);
        }
        audit.anomalies = anomalies;
        audit.extra_lines = self.extra_lines;
        Ok(())
    }
}

/// Sets the field of a label. `None`: the value is not what the label demands. The value is the end of the line.
#[inline(always)]
fn set<'a>(
    audit: &mut Audit<'a>,
    state: &mut State,
    label: Label,
    line: &'a [u8],
    value: &'a [u8],
) -> Option<()> {
    // What is not printed is absent, except where the record falls with it; a name may be empty.
    let text = (!value.is_empty()).then_some(value);
    match label {
        Label::Time => {}
        Label::Version => {
            audit.version = text;
            state.v2 = text.is_some();
        }
        Label::Sequence => audit.sequence = hex(line, value, 16)?,
        Label::Reboot if text.is_some() => audit.reboot = u32::try_from(hex(line, value, 8)?).ok(),
        Label::Session if text.is_some() => {
            audit.session = Some(Session { text: value, handle: hex(line, value, 16)? });
        }
        Label::Response if text.is_some() => audit.response = Some(response(value)?),
        Label::PrivateKey if text.is_some() => audit.key.private_handle = Some(decimal(line, value)?),
        Label::PublicKey if text.is_some() => audit.key.public_handle = Some(decimal(line, value)?),
        Label::ObjectKey if text.is_some() => audit.key.object_handle = Some(decimal(line, value)?),
        Label::LocalTime if text.is_some() => audit.details_mut().local_time_usecs = Some(clock(value)?.0),
        Label::HostTime if text.is_some() => audit.details_mut().host_time_usecs = Some(clock(value)?.0),
        Label::PropagationDelay if text.is_some() => {
            audit.details_mut().propagation_delay_usecs = Some(delay(value)?);
        }
        // Only the first line of a label before the user name counts, so an absent value is what is there already.
        Label::Reboot
        | Label::Session
        | Label::Response
        | Label::PrivateKey
        | Label::PublicKey
        | Label::ObjectKey
        | Label::LocalTime
        | Label::HostTime
        | Label::PropagationDelay => {}
        Label::CommandType => {
            (audit.command_type, audit.command_type_code) = named(text, Base::Hex, &mut state.anomalies);
        }
        Label::Opcode => (audit.opcode, audit.opcode_code) = named(text, Base::Hex, &mut state.anomalies),
        Label::LogType => {
            (audit.log_type, audit.log_type_code) = named(text, Base::Decimal, &mut state.anomalies);
        }
        Label::UserName => audit.user.name = Some(value),
        Label::UserId => audit.user.id = text,
        Label::TargetUserName => audit.details_mut().target_user.name = Some(value),
        Label::TargetUserId => audit.details_mut().target_user.id = text,
        // Behind a user name the last line counts: these are split at the end.
        Label::UserType => audit.user.user_type = text,
        Label::TargetUserType => audit.details_mut().target_user.user_type = text,
        Label::Operation => audit.details_mut().operation = text,
        Label::Mechanism => audit.details_mut().mechanism = text,
        Label::UserCount => audit.details_mut().user_count = text,
        Label::MfaEnabled => audit.details_mut().mfa_enabled = text,
        Label::UserIds => audit.details_mut().user_ids = text,
    }
    Some(())
}

/// A name and its code.
#[inline(always)]
fn named<'a>(text: Option<&'a [u8]>, base: Base, anomalies: &mut Anomalies) -> Named<'a> {
    let Some(value) = text else { return (None, None) };
    // Nearly all commands are of this type.
    if base == Base::Hex && value == b"CN_MGMT_CMD (0x0)" {
        return (value.get(..11), Some(0));
    }
    if let Some(ShortCode { name, code }) = lines::short_code(value, base) {
        return (Some(name), Some(code));
    }
    match reading::name_code(value, base) {
        Ok((name, code)) => (Some(name), code),
        Err(name) => {
            anomalies.insert(Anomaly::BadValue);
            (Some(name), None)
        }
    }
}

/// A number at the end of a line.
#[inline(always)]
fn hex(line: &[u8], value: &[u8], digits_max: usize) -> Option<u64> {
    let count = value.strip_prefix(b"0x")?.len();
    match line.last_chunk() {
        Some(word) if count <= 8 => swar::hex_back(u64::from_le_bytes(*word), count),
        _ => reading::hex(value, digits_max),
    }
}

/// A number at the end of a line.
#[inline(always)]
fn decimal(line: &[u8], value: &[u8]) -> Option<u64> {
    match line.last_chunk() {
        Some(word) if value.len() <= 8 => swar::decimal_back(u64::from_le_bytes(*word), value.len()),
        _ => reading::decimal(value),
    }
}

/// A time: its microseconds, and the time as printed before them. Nearly all have sixteen digits.
#[inline(never)]
pub(super) fn clock(value: &[u8]) -> Option<(u64, &[u8])> {
    if let Some((before, digits)) = value.split_last_chunk()
        && let Some(before) = before.strip_suffix(b":")
        && let Some(usecs) = swar::decimal_16(digits)
    {
        return Some((usecs, reading::printed(before)?));
    }
    match reading::read(Label::Time, value) {
        Reading::Clock(usecs, printed) => Some((usecs, printed)),
        _ => None,
    }
}

/// A delay in microseconds.
#[cold]
fn delay(value: &[u8]) -> Option<u64> {
    match reading::read(Label::PropagationDelay, value) {
        Reading::Number(usecs) => Some(usecs),
        _ => None,
    }
}

#[inline(always)]
fn response(value: &[u8]) -> Option<Response<'_>> {
    match value.strip_prefix(b"0:HSM Return: ") {
        Some(b"SUCCESS") => Some(Response { code: 0, text: value.get(14..)?, outcome: Outcome::Success }),
        _ => reading::response(value),
    }
}
