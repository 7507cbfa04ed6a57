//! The same record by one regular expression with a group per value, as log shippers do it.
//!
//! One expression covers both layouts and all tails, so it has optional groups, like the published
//! CloudHSM expression of "SIEM on Amazon OpenSearch Service" (`aws.ini`, section `cloudhsm`).

use hsmstream_record::{Audit, Outcome, Response, Session};
use regex_automata::meta::Regex;
use regex_automata::util::captures::Captures;

const EXPRESSION: &str = concat!(
    r"\ATime: [^,\n]*, usecs:([0-9]+)\n",                        // 1
    r"(?:Version No : ([^\n]*)\n)?",                             // 2
    r"Sequence No : 0x([0-9a-f]+)\n",                            // 3
    r"(?:Reboot counter : 0x([0-9a-f]+)\n)?",                    // 4
    r"(?:Command Type\(hex\) : ([^\n]*?) \(0x([0-9a-f]+)\)\n)?", // 5, 6
    r"Opcode : ([^\n]*?) \(0x([0-9a-f]+)\)\n",                   // 7, 8
    r"(?:Command Type\(hex\) : ([^\n]*?) \(0x([0-9a-f]+)\)\n)?", // 9, 10
    r"(?:User id : ([^\n]*)\n)?",                                // 11
    r"Session Handle : (0x([0-9a-f]+))\n",                       // 12, 13
    r"Response : ([0-9]+):(?:HSM (Return|Error): )?([^\n]*)\n",  // 14, 15, 16
    r"Log type : ([^\n]*?) \(([0-9]+)\)(?:\n|\z)",               // 17, 18
    r"(?:User Name : ([^\n]*)\nUser Type : ([^\n]*?) \(([0-9]+)\)(?:\n|\z))?", // 19, 20, 21
    r"(?:Public Key Handle : ([0-9]+)\n)?",                      // 22
    r"(?:Priv/Secret Key Handle : ([0-9]+)(?:\n|\z))?",          // 23
    r"(?:Public Key Handle : ([0-9]+)(?:\n|\z))?",               // 24
    r"(?:Mechanism : ([^\n]*)\n)?",                              // 25
    r"(?:Target User Name : ([^\n]*)\nTarget User Type : ([^\n]*?) \(([0-9]+)\)(?:\n|\z))?", // 26, 27, 28
    r"(?:Target User id : ([^\n]*)\n)?",                         // 29
    r"(?:Mfa enabled : ([^\n]*)(?:\n|\z))?",                     // 30
    r"(?:local time : [^\n]*?usec:([0-9]+)\nhost time : [^\n]*?usec:([0-9]+)\n", // 31, 32
    r"propagation delay : usec:([0-9]+)(?:\n|\z))?\z",           // 33
);

/// The expression, compiled, with its scratch memory.
#[derive(Debug)]
pub struct Parser {
    regex: Regex,
    captures: Captures,
}

impl Default for Parser {
    fn default() -> Self {
        Self::new()
    }
}

impl Parser {
    /// Compiles the expression, for bytes.
    ///
    /// # Panics
    /// Never: the expression is valid.
    #[must_use]
    pub fn new() -> Self {
        let syntax = regex_automata::util::syntax::Config::new().unicode(false).utf8(false);
        let regex = Regex::builder()
            .syntax(syntax)
            .configure(Regex::config().utf8_empty(false))
            .build(EXPRESSION)
            .expect("a valid expression");
        let captures = regex.create_captures();
        Self { regex, captures }
    }

    /// Parses a frame; `None` if it is no record.
    pub fn parse<'a>(&mut self, frame: &'a [u8]) -> Option<Audit<'a>> {
        self.regex.captures(frame, &mut self.captures);
        if !self.captures.is_match() {
            return None;
        }
        let captures = &self.captures;
        let text = |group: usize| captures.get_group(group).and_then(|span| frame.get(span.range()));
        let either = |one: usize, other: usize| text(one).or_else(|| text(other));
        let decimal = |group: usize| text(group).and_then(|digits| radix(digits, 10));
        let hex = |group: usize| text(group).and_then(|digits| radix(digits, 16));
        let mut audit = Audit::default();
        audit.raw = frame.strip_suffix(b"\n").unwrap_or(frame).into();
        audit.usecs = decimal(1)?;
        audit.version = text(2);
        audit.sequence = hex(3)?;
        audit.reboot = hex(4).and_then(|reboot| u32::try_from(reboot).ok());
        audit.command_type = either(5, 9);
        audit.command_type_code = hex(6).or_else(|| hex(10));
        (audit.opcode, audit.opcode_code) = (text(7), hex(8));
        audit.session = Some(Session { text: text(12)?, handle: hex(13)? });
        let code = decimal(14)?;
        let failed = text(15).map_or(code != 0, |word| word == b"Error");
        let outcome = if failed { Outcome::Failure } else { Outcome::Success };
        audit.response = Some(Response { code, text: text(16)?, outcome });
        (audit.log_type, audit.log_type_code) = (text(17), decimal(18));
        audit.user.id = text(11);
        (audit.user.name, audit.user.user_type, audit.user.type_code) = (text(19), text(20), decimal(21));
        audit.key.public_handle = decimal(22).or_else(|| decimal(24));
        audit.key.private_handle = decimal(23);
        let details = audit.details_mut();
        details.mechanism = text(25);
        let target = &mut details.target_user;
        (target.name, target.user_type, target.type_code) = (text(26), text(27), decimal(28));
        target.id = text(29);
        details.mfa_enabled = text(30);
        details.local_time_usecs = decimal(31);
        details.host_time_usecs = decimal(32);
        details.propagation_delay_usecs = decimal(33);
        Some(audit)
    }
}

fn radix(digits: &[u8], radix: u32) -> Option<u64> {
    u64::from_str_radix(str::from_utf8(digits).ok()?, radix).ok()
}
