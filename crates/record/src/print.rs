//! How a record is printed, as far as the parser saw it.

/// What a record prints besides the values that differ from one record to the next; unknown if it is printed in no usual
/// way, has a name that is not in the [`vocabulary`](crate::vocabulary), or went through a parser that does not look. A hint
/// for who remembers records: it takes no part in comparisons.
///
/// Two records with the same known print have the same text around their times, sequence numbers, reboot counters,
/// sessions, users' names and ids (in digits), key handles and clocks. They have the same lines in the same order, the same
/// opcode, response, log type and user type, names and codes; labels stand with one blank around the colon, codes without
/// leading zeros, the version is 2 if there is one, and the command type is `CN_MGMT_CMD (0x0)`, with clocks
/// `TIME_INFO_CMD (0xeee2)`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Print {
    /// The marks of its lines; 0 if it is unknown.
    lines: u64,
    /// The numbers of its names.
    names: u64,
}

impl Print {
    /// No usual way, or nobody looked.
    pub const UNKNOWN: Self = Self { lines: 0, names: 0 };

    /// That of a record whose lines have these marks, names and codes.
    #[inline(always)]
    pub(crate) const fn of(lines: u64, names: u64) -> Self {
        if lines & mark::UNUSUAL_ANY == 0 { Self { lines, names } } else { Self::UNKNOWN }
    }

    /// Two numbers, which are the same for the same print only. The first is 0 if it is unknown.
    #[inline]
    #[must_use]
    pub const fn numbers(self) -> (u64, u64) {
        (self.lines, self.names)
    }
}

/// Marks of a record's lines: who is there, in which order, what is unusual. Above them the number of its answer and the
/// answer's code.
pub(crate) mod mark {
    /// Where in the marks the number of an answer stands, and its code.
    pub(crate) const ANSWER: u32 = 32;
    pub(crate) const ANSWER_CODE: u32 = 40;
    /// Where in the names the number of each stands, with its code behind.
    pub(crate) const OPCODE_NAME: u32 = 0;
    pub(crate) const LOG_TYPE_NAME: u32 = 24;
    pub(crate) const USER_TYPE_NAME: u32 = 40;
    /// What is unusual, of whatever kind.
    pub(crate) const UNUSUAL_ANY: u64 = 0xff << 16;

    /// All clocks, and the command type that goes with them.
    pub(crate) const CLOCKS: u64 = 1 << 0;
    pub(crate) const VERSION: u64 = 1 << 1;
    pub(crate) const REBOOT: u64 = 1 << 2;
    pub(crate) const COMMAND_TYPE: u64 = 1 << 3;
    pub(crate) const OPCODE: u64 = 1 << 4;
    pub(crate) const OPCODE_FIRST: u64 = 1 << 5;
    pub(crate) const USER_ID: u64 = 1 << 6;
    pub(crate) const SESSION: u64 = 1 << 7;
    pub(crate) const RESPONSE: u64 = 1 << 8;
    pub(crate) const LOG_TYPE: u64 = 1 << 9;
    pub(crate) const USER_NAME: u64 = 1 << 10;
    pub(crate) const USER_TYPE: u64 = 1 << 11;
    pub(crate) const PRIVATE_KEY: u64 = 1 << 12;
    pub(crate) const PUBLIC_KEY: u64 = 1 << 13;
    pub(crate) const PUBLIC_FIRST: u64 = 1 << 14;
    pub(crate) const OBJECT_KEY: u64 = 1 << 15;
    /// The command type of clocks, so far without them.
    pub(crate) const TIME_INFO: u64 = 1 << 17;
    /// Something is printed in another way than usual.
    pub(crate) const UNUSUAL: u64 = 1 << 16;
}

/// Records are compared by what they say, whoever parsed them.
impl PartialEq for Print {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Print {}
