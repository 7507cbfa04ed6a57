//! The shape of an audit record: which of its text is the same in record after record.
//!
//! In: a parsed record. Out: its [`Outline`] for [`Set::matches_shaped`](hsmstream_pattern::Set), and once
//! per shape where its free parts are. Free are times, sequence number and reboot counter, handles, names
//! and ids of users, lists of users; all else is fixed: labels, blanks, opcode, response, log type, user
//! type, mechanism, second factor, operation.
//!
//! Only plain records have a shape ([`Audit::is_plain`](hsmstream_record::Audit::is_plain)): each line has
//! a known label that occurs once, and a value that was read. Then the promise of [`Outline`] holds. Take two
//! such records with the same fixed text around parts of the lengths that each one's fields give.
//!
//! * Up to the first part they are equal, so the line that the part is in has the same label in both, and
//!   being the only one of that label it is what the field was read from. Its value lies between the fixed
//!   texts; were it not the whole part (a line end or a blank inside), it would be shorter than the field
//!   says. So part and value are the same. Then the same for the next part.
//! * A number's part has as many bytes as the number has digits without leading zeros, and prints that
//!   number: it is its digits. A printed time was read by the parser; those of clock records were not, nor
//!   was the id of a user, so their bytes are checked.
//! * No part has a line end, so both have the same lines, and those without a part are equal: what is read
//!   from them is too.
//!
//! Most records are printed in a usual way with known names, and the parser says in which and what names
//! ([`Print`](hsmstream_record::Print)). Their text follows from that: it is the [`Gist`], which is compared instead of the text.
//!
//! Budget: 10 ns, for each record.

use core::ops::Range;

use hsmstream_pattern::{Class, FRONT_PARTS, FreePart, Front, Gist, Glance, Outline, SKETCHES, SLOTS};
use hsmstream_record::{Audit, Field};

const TIME: usize = 0;
const USECS: usize = 1;
const SEQUENCE: usize = 2;
const REBOOT: usize = 3;
const SESSION: usize = 4;
const USER_NAME: usize = 5;
const PRIVATE_KEY: usize = 6;
const PUBLIC_KEY: usize = 7;
const OBJECT_KEY: usize = 8;
const USER_ID: usize = 9;
const TARGET_NAME: usize = 10;
const TARGET_ID: usize = 11;
const USER_COUNT: usize = 12;
const USER_IDS: usize = 13;
const LOCAL_TIME: usize = 14;
const LOCAL_USECS: usize = 15;
const HOST_TIME: usize = 16;
const HOST_USECS: usize = 17;
const DELAY: usize = 18;
const _: () = assert!(DELAY < SLOTS, "each part has a slot");
const _: () = assert!(REBOOT + 1 == FRONT_PARTS, "the front ends with the reboot counter");

/// Bytes of a printed time.
const PRINTED_TIME: u32 = 24;

/// What the parser says of the record's fixed text: see [`Print`](hsmstream_record::Print).
#[inline]
pub(crate) const fn gist(audit: &Audit<'_>) -> Gist {
    Gist::new(audit.print.numbers())
}

/// At most how many bytes a free part of a record has that is printed as usual.
#[inline]
pub(crate) fn length_max(slot: usize, audit: &Audit<'_>) -> Option<usize> {
    match slot {
        TIME | LOCAL_TIME | HOST_TIME => Some(24),
        USECS | LOCAL_USECS | HOST_USECS | SEQUENCE | SESSION => Some(16),
        REBOOT => Some(8),
        USER_NAME => Some(audit.user.name.map_or(0, <[u8]>::len)),
        USER_ID => Some(audit.user.id.map_or(0, <[u8]>::len)),
        _ => None,
    }
}

/// Where a text of a record is that was not escaped where it was parsed.
#[inline]
pub(crate) fn part(slot: usize, audit: &Audit<'_>) -> Option<Range<usize>> {
    let part = match slot {
        USER_NAME => audit.user.name?,
        USER_ID => audit.user.id?,
        SESSION => audit.session?.text.get(2..)?,
        _ => return None,
    };
    let (text, false) = audit.raw.parsed() else { return None };
    let start = part.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    Some(start..start + part.len())
}

/// Sets the outline to that of a record; false if the record has no shape. What the outline said of parts
/// that this record does not have stays.
#[inline]
pub(crate) fn set_outline(outline: &mut Outline, audit: &Audit<'_>) -> bool {
    if !audit.is_plain() {
        return false;
    }
    let Outline { mark, front, lengths } = outline;
    lengths[TIME] = PRINTED_TIME;
    lengths[USECS] = decimal_digits(audit.usecs);
    lengths[SEQUENCE] = hex_digits(audit.sequence);
    lengths[REBOOT] = hex_digits(u64::from(audit.reboot.unwrap_or_default()));
    lengths[SESSION] = audit.session.map_or(0, |session| bytes(session.text).wrapping_sub(2));
    lengths[USER_NAME] = audit.user.name.map_or(0, bytes);
    lengths[PRIVATE_KEY] = decimal_digits(audit.key.private_handle.unwrap_or_default());
    lengths[PUBLIC_KEY] = decimal_digits(audit.key.public_handle.unwrap_or_default());
    if audit.key.object_handle.is_some()
        || audit.version.is_some()
        || audit.details().local_time_usecs.is_some()
    {
        rare(audit, lengths);
    }
    *front = front_of(audit, lengths).unwrap_or_default();
    *mark = mark_of(audit);
    true
}

/// The front of a record: time, sequence number and reboot counter, if they are printed as usual.
#[inline]
fn front_of(audit: &Audit<'_>, lengths: &[u32; SLOTS]) -> Option<Front> {
    const REBOOT: &[u8; 20] = b"\nReboot counter : 0x";
    const ESCAPED_REBOOT: &[u8; 21] = b"\\nReboot counter : 0x";
    let (form, is_escaped) = audit.raw.parsed();
    match (audit.version.is_some(), is_escaped) {
        (false, false) => front(form, lengths, 1, (b"\nSequence No : 0x", REBOOT)),
        (false, true) => front(form, lengths, 2, (b"\\nSequence No : 0x", ESCAPED_REBOOT)),
        (true, false) => front(form, lengths, 3, (b"\nVersion No : 2\nSequence No : 0x", REBOOT)),
        (true, true) => front(form, lengths, 4, (b"\\nVersion No : 2\\nSequence No : 0x", ESCAPED_REBOOT)),
    }
}

/// Compares the fixed text of a front, and finds how long it is.
#[inline(always)]
fn front<const S: usize, const R: usize>(
    form: &[u8],
    lengths: &[u32; SLOTS],
    kind: u32,
    (sequence, reboot): (&[u8; S], &[u8; R]),
) -> Option<Front> {
    /// `Time: `, the time, `, usecs:` and as many digits as from 2001 to 2286.
    const TIMES: usize = 6 + 24 + 8 + 16;
    let (times, rest) = form.split_first_chunk::<TIMES>()?;
    let (label, rest) = rest.split_first_chunk::<S>()?;
    let digits = lengths[SEQUENCE] as usize;
    let rest_label = rest.get(digits..)?.first_chunk::<R>()?;
    let bytes = (TIMES + S + R).wrapping_add(digits).wrapping_add(lengths[REBOOT] as usize);
    let is_known = times[..6] == *b"Time: "
        && times[30..38] == *b", usecs:"
        && lengths[USECS] == 16
        && label == sequence
        && rest_label == reboot
        && bytes <= form.len();
    is_known.then(|| Front { kind, bytes: u32::try_from(bytes).unwrap_or_default() })
}

/// The parts that most records do not have.
#[inline(never)]
fn rare(audit: &Audit<'_>, lengths: &mut [u32; SLOTS]) {
    let details = audit.details();
    lengths[OBJECT_KEY] = decimal_digits(audit.key.object_handle.unwrap_or_default());
    lengths[USER_ID] = audit.user.id.map_or(0, bytes);
    lengths[TARGET_NAME] = details.target_user.name.map_or(0, bytes);
    lengths[TARGET_ID] = details.target_user.id.map_or(0, bytes);
    lengths[USER_COUNT] = details.user_count.map_or(0, bytes);
    lengths[USER_IDS] = details.user_ids.map_or(0, bytes);
    lengths[LOCAL_TIME] = PRINTED_TIME;
    lengths[LOCAL_USECS] = decimal_digits(details.local_time_usecs.unwrap_or_default());
    lengths[HOST_TIME] = PRINTED_TIME;
    lengths[HOST_USECS] = decimal_digits(details.host_time_usecs.unwrap_or_default());
    lengths[DELAY] = decimal_digits(details.propagation_delay_usecs.unwrap_or_default());
}

/// A number that is mostly another for another shape.
#[inline]
fn mark_of(audit: &Audit<'_>) -> u64 {
    let opcode = match audit.opcode_code {
        Some(code) => code,
        None => audit.opcode.map_or(1 << 20, |opcode| opcode.len() as u64 | 2 << 20),
    };
    let (response, words) =
        audit.response.map_or((1 << 11, 0), |response| (response.code, response.text.len()));
    let user_type = audit.user.type_code.unwrap_or(0xff);
    let log_type = audit.log_type_code.unwrap_or(0xff);
    let flags = u64::from(audit.version.is_some()) << 8 | u64::from(audit.key.object_handle.is_some()) << 9;
    let answer = response ^ (words as u64) << 12;
    (opcode ^ answer << 24 ^ (log_type ^ user_type << 10 ^ flags).rotate_left(44))
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[inline]
fn bytes(text: &[u8]) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}

/// Digits of a number in hex.
#[inline]
const fn hex_digits(number: u64) -> u32 {
    (number | 1).ilog2() / 4 + 1
}

/// Digits of a number.
#[inline]
fn decimal_digits(number: u64) -> u32 {
    // Bits × log 2 is the number of digits less one, or less two.
    let least = (((number | 1).ilog2() + 1) * 1233) >> 12;
    let power = POWERS.get(least as usize % POWERS.len()).copied().unwrap_or(u64::MAX);
    least + u32::from(power <= number | 1)
}

/// Powers of ten, as far as there are.
#[expect(clippy::indexing_slicing, reason = "evaluated at compile time, bounded by the loop")]
const POWERS: [u64; 32] = {
    let mut powers = [u64::MAX; 32];
    powers[0] = 1;
    let mut place = 1;
    while place < 20 {
        powers[place] = powers[place - 1] * 10;
        place += 1;
    }
    powers
};

/// What a line's label says of its value.
enum Kind {
    /// One part: all of the value.
    Whole(usize, Class, bool),
    /// One part: all of the value but `0x`.
    Hex(usize),
    /// Two parts: the printed time and the microseconds.
    Clock(usize, usize, bool),
    /// One part: the microseconds.
    Delay(usize),
    Fixed,
}

fn kind(label: &[u8]) -> Kind {
    match label {
        b"Time" => Kind::Clock(TIME, USECS, false),
        b"Sequence No" => Kind::Hex(SEQUENCE),
        b"Reboot counter" => Kind::Hex(REBOOT),
        b"Session Handle" => Kind::Hex(SESSION),
        b"User Name" => Kind::Whole(USER_NAME, Class::Any, false),
        b"User id" => Kind::Whole(USER_ID, Class::Decimal, true),
        b"Target User Name" => Kind::Whole(TARGET_NAME, Class::Any, false),
        b"Target User id" => Kind::Whole(TARGET_ID, Class::Decimal, true),
        b"Priv/Secret Key Handle" => Kind::Whole(PRIVATE_KEY, Class::Decimal, false),
        b"Public Key Handle" => Kind::Whole(PUBLIC_KEY, Class::Decimal, false),
        b"Key Handle" => Kind::Whole(OBJECT_KEY, Class::Decimal, false),
        b"Number of Users" => Kind::Whole(USER_COUNT, Class::Any, false),
        b"UserIDs" => Kind::Whole(USER_IDS, Class::Any, false),
        b"local time" => Kind::Clock(LOCAL_TIME, LOCAL_USECS, true),
        b"host time" => Kind::Clock(HOST_TIME, HOST_USECS, true),
        b"propagation delay" => Kind::Delay(DELAY),
        _ => Kind::Fixed,
    }
}

/// Appends the free parts of a record's text. False if one is not in its usual form.
pub(crate) fn free_parts(text: &[u8], parts: &mut Vec<FreePart>) -> bool {
    let mut start = 0;
    text.split_inclusive(|byte| *byte == b'\n').all(|line| {
        let at = start;
        start += line.len();
        line_parts(line, at, parts).is_some()
    })
}

/// Appends the free parts of the line that begins at `start`.
fn line_parts(line: &[u8], start: usize, parts: &mut Vec<FreePart>) -> Option<()> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let Some(colon) = line.iter().position(|byte| *byte == b':') else { return Some(()) };
    let (label, value) = line.split_at(colon);
    let value = value.get(1..)?;
    let blanks = value.len() - value.trim_ascii_start().len();
    let (start, value) = (start + colon + 1 + blanks, value.trim_ascii());
    let mut add = |slot, from: usize, length: usize, class, is_checked| {
        let range = start + from..start + from + length;
        parts.push(FreePart { slot, range, class, is_checked });
    };
    match kind(label.trim_ascii_end()) {
        Kind::Fixed => {}
        Kind::Whole(slot, class, is_checked) => {
            let is_number = value.iter().all(u8::is_ascii_digit);
            match class {
                // An id that is no number is a text like others.
                Class::Decimal if is_checked && !is_number => add(slot, 0, value.len(), Class::Any, false),
                _ => add(slot, 0, value.len(), class, is_checked),
            }
        }
        Kind::Hex(slot) => add(slot, 2, value.strip_prefix(b"0x")?.len(), Class::Hex, false),
        Kind::Clock(time, usecs, is_checked) => {
            let digits = digits_behind(value);
            let length = usize::try_from(PRINTED_TIME).ok()?;
            (length < value.len() - digits).then_some(())?;
            add(time, 0, length, Class::Time, is_checked);
            add(usecs, value.len() - digits, digits, Class::Decimal, false);
        }
        Kind::Delay(slot) => {
            let digits = digits_behind(value);
            add(slot, value.len() - digits, digits, Class::Decimal, false);
        }
    }
    Some(())
}

fn digits_behind(value: &[u8]) -> usize {
    value.iter().rev().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Whether the value of a field follows from the shape.
pub(crate) fn is_of_shape(field: &Field, audit: &Audit<'_>) -> bool {
    match field {
        Field::Kind
        | Field::Version
        | Field::CommandType
        | Field::CommandTypeCode
        | Field::Opcode
        | Field::OpcodeCode
        | Field::Outcome
        | Field::ResponseCode
        | Field::ResponseText
        | Field::LogType
        | Field::LogTypeCode
        | Field::UserType
        | Field::UserTypeCode
        | Field::TargetUserType
        | Field::TargetUserTypeCode
        | Field::Mechanism
        | Field::MfaEnabled
        | Field::Operation
        | Field::OperationCode
        | Field::Extra(_) => true,
        // A value is there in all records of the shape, or in none.
        Field::Reboot => audit.reboot.is_none(),
        Field::Session | Field::Connection => audit.session.is_none(),
        Field::UserName => audit.user.name.is_none(),
        Field::UserId => audit.user.id.is_none(),
        Field::TargetUserName => audit.details().target_user.name.is_none(),
        Field::TargetUserId => audit.details().target_user.id.is_none(),
        Field::KeyPrivateHandle => audit.key.private_handle.is_none(),
        Field::KeyPublicHandle => audit.key.public_handle.is_none(),
        Field::KeyObjectHandle => audit.key.object_handle.is_none(),
        Field::KeyHandle => {
            let keys = audit.key;
            [keys.private_handle, keys.public_handle, keys.object_handle].iter().all(Option::is_none)
        }
        Field::UserCount => audit.details().user_count.is_none(),
        Field::UserIds => audit.details().user_ids.is_none(),
        Field::LocalTimeUsecs => audit.details().local_time_usecs.is_none(),
        Field::HostTimeUsecs => audit.details().host_time_usecs.is_none(),
        Field::PropagationDelayUsecs => audit.details().propagation_delay_usecs.is_none(),
        _ => false,
    }
}

/// The sketches of the values that rules ask for most.
#[inline]
pub(crate) fn sketches(audit: &Audit<'_>) -> [u64; SKETCHES] {
    [glance(&Field::Session, audit).sketch(), glance(&Field::KeyHandle, audit).sketch()]
}

/// The place of a field's value in [`sketches`].
pub(crate) const fn sketch_of(field: &Field) -> Option<usize> {
    match field {
        Field::Session => Some(0),
        Field::KeyHandle => Some(1),
        _ => None,
    }
}

/// The value of a field, where it is cheap to tell.
#[inline(always)]
pub(crate) fn glance<'a>(field: &Field, audit: &Audit<'a>) -> Glance<'a> {
    let number = |number: Option<u64>| number.map_or(Glance::Nothing, Glance::Number);
    match field {
        Field::Session => audit.session.map_or(Glance::Nothing, |session| Glance::Text(session.text)),
        Field::KeyHandle => number(audit.key.handle()),
        Field::KeyPrivateHandle => number(audit.key.private_handle),
        Field::KeyPublicHandle => number(audit.key.public_handle),
        Field::KeyObjectHandle => number(audit.key.object_handle),
        Field::UserName => text(audit.user.name),
        Field::UserId => text(audit.user.id),
        Field::TargetUserName => text(audit.details().target_user.name),
        Field::TargetUserId => text(audit.details().target_user.id),
        Field::Sequence => Glance::Number(audit.sequence),
        Field::Usecs => Glance::Number(audit.usecs),
        _ => Glance::Unknown,
    }
}

#[inline]
fn text(text: Option<&[u8]>) -> Glance<'_> {
    match text {
        Some(text) => Glance::Text(text),
        None => Glance::Nothing,
    }
}
