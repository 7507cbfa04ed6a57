//! From a plan to the record's text.

use crate::plan::{Command, Plan, Tail, Who};
use crate::site::{user_type, write_name};
use hsmstream_record::time;

/// Appends the text of a record, with a line end behind each line.
pub(crate) fn write(plan: &Plan, sequence: u64, reboot: u32, out: &mut Vec<u8>) {
    text("Time: ", out);
    time::printed(plan.usecs, out);
    text(", usecs:", out);
    decimal(plan.usecs, out);
    if plan.second_layout {
        text("\nVersion No : 2", out);
    }
    text("\nSequence No : ", out);
    hex(sequence, out);
    text("\nReboot counter : ", out);
    hex(u64::from(reboot), out);
    write_command(plan, out);
    if let (true, Who::User(number)) = (plan.second_layout, plan.user) {
        text("\nUser id : ", out);
        decimal(u64::from(number) + 1, out);
    }
    text("\nSession Handle : ", out);
    hex(u64::from(plan.session), out);
    text("\nResponse : ", out);
    text(plan.answer.text(), out);
    text("\nLog type : ", out);
    text(log_type(plan), out);
    match plan.command.tail() {
        Tail::Nothing => {}
        Tail::Login => write_user("\n", plan.user, out),
        Tail::User => write_management(plan, out),
        Tail::Key => write_keys(plan, out),
        Tail::Clock => write_clocks(plan, out),
    }
    out.push(b'\n');
}

/// The two layouts have opcode and command type in different order.
fn write_command(plan: &Plan, out: &mut Vec<u8>) {
    let command_type = match plan.command {
        Command::Clock => "\nCommand Type(hex) : TIME_INFO_CMD (0xeee2)",
        Command::EndMarker => "\nCommand Type(hex) : SPECIAL (0xffff)",
        _ => "\nCommand Type(hex) : CN_MGMT_CMD (0x0)",
    };
    let (before, behind) = if plan.second_layout { ("", command_type) } else { (command_type, "") };
    text(before, out);
    text("\nOpcode : ", out);
    text(plan.command.opcode(), out);
    text(behind, out);
}

/// Numbers of the second layout's log types are invented.
const fn log_type(plan: &Plan) -> &'static str {
    match (plan.command.tail(), plan.second_layout) {
        (Tail::Nothing, _) => "MINIMAL_LOG_ENTRY (0)",
        (Tail::Login | Tail::User, false) => "MGMT_USER_DETAILS_LOG (2)",
        (Tail::Key, false) => "MGMT_KEY_DETAILS_LOG (1)",
        (Tail::User, true) => "USER_MANAGE_LOG (3)",
        (Tail::Key, true) => "KEY_DETAILS_LOG (4)",
        (Tail::Login, true) => "USER_AUTH_LOG (6)",
        (Tail::Clock, _) => "TIME_INFO_LOG (16)",
    }
}

fn write_user(prefix: &str, who: Who, out: &mut Vec<u8>) {
    text(prefix, out);
    text("User Name : ", out);
    write_name(who, out);
    text(prefix, out);
    text("User Type : ", out);
    text(user_type(who), out);
}

/// The first layout names the user acted on only.
fn write_management(plan: &Plan, out: &mut Vec<u8>) {
    if plan.second_layout {
        write_user("\n", plan.user, out);
        text("\nMechanism : 1", out);
        write_user("\nTarget ", plan.target, out);
        if let Who::User(number) = plan.target {
            text("\nTarget User id : ", out);
            decimal(u64::from(number) + 1, out);
        }
        text("\nMfa enabled : no", out);
    } else {
        write_user("\n", plan.target, out);
    }
}

fn write_keys(plan: &Plan, out: &mut Vec<u8>) {
    let [private, public] = plan.keys;
    let lines = if plan.second_layout {
        [("\nPublic Key Handle : ", public), ("\nPriv/Secret Key Handle : ", private)]
    } else {
        [("\nPriv/Secret Key Handle : ", private), ("\nPublic Key Handle : ", public)]
    };
    for (label, handle) in lines {
        text(label, out);
        decimal(u64::from(handle), out);
    }
}

/// The HSM's clock runs 2 ms behind the host's.
fn write_clocks(plan: &Plan, out: &mut Vec<u8>) {
    text("\nlocal time : ", out);
    time::printed(plan.usecs, out);
    text(", usec:", out);
    decimal(plan.usecs, out);
    let host = plan.usecs + 2225;
    text("\nhost time : ", out);
    time::printed(host, out);
    text(" usec:", out);
    decimal(host, out);
    text("\npropagation delay : usec:39", out);
}

fn text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(text.as_bytes());
}

/// Appends a number in decimal.
pub(crate) fn decimal(number: u64, out: &mut Vec<u8>) {
    digits::<10, 20>(number, out);
}

/// Appends a number in hex.
fn hex(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"0x");
    digits::<16, 16>(number, out);
}

fn digits<const BASE: u64, const LEN: usize>(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [0; LEN];
    let mut count = 0;
    for place in digits.iter_mut().rev() {
        let digit = u8::try_from(number % BASE).unwrap_or_default();
        *place = if digit < 10 { b'0' + digit } else { b'a' + digit - 10 };
        number /= BASE;
        count += 1;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(LEN - count..).unwrap_or_default());
}
