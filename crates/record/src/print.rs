//! How a record is printed, as far as the parser saw it.

/// Which of the usual ways a record is printed in; unknown if in none of them, or if it went through a parser that does not
/// look. A hint for who remembers records: it takes no part in comparisons.
///
/// Two records that are printed in the same known way, and have the same opcode, response, log type and user type (names
/// and codes), have the same text around their times, sequence numbers, reboot counters, sessions, users' names and ids (in
/// digits), key handles and clocks: they have the same lines in the same order, labels stand with one blank around the
/// colon, codes without leading zeros, the version is 2 if there is one, and the command type is `CN_MGMT_CMD (0x0)`, with
/// clocks `TIME_INFO_CMD (0xeee2)`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Print(u16);

impl Print {
    /// None of the usual ways, or nobody looked.
    pub const UNKNOWN: Self = Self(0);

    /// The way of a record whose lines have these marks.
    #[inline(always)]
    pub(crate) const fn of(seen: u32) -> Self {
        // The upper marks are those of what is unusual.
        let [low, high, unusual, _] = seen.to_le_bytes();
        if unusual == 0 { Self(u16::from_le_bytes([low, high])) } else { Self::UNKNOWN }
    }

    /// Its number; 0 if unknown. Fields that are there are part of it.
    #[inline]
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }
}

/// Marks of a record's lines: who is there, in which order, what is unusual.
pub(crate) mod mark {
    /// All clocks, and the command type that goes with them.
    pub(crate) const CLOCKS: u32 = 1 << 0;
    pub(crate) const VERSION: u32 = 1 << 1;
    pub(crate) const REBOOT: u32 = 1 << 2;
    pub(crate) const COMMAND_TYPE: u32 = 1 << 3;
    pub(crate) const OPCODE: u32 = 1 << 4;
    pub(crate) const OPCODE_FIRST: u32 = 1 << 5;
    pub(crate) const USER_ID: u32 = 1 << 6;
    pub(crate) const SESSION: u32 = 1 << 7;
    pub(crate) const RESPONSE: u32 = 1 << 8;
    pub(crate) const LOG_TYPE: u32 = 1 << 9;
    pub(crate) const USER_NAME: u32 = 1 << 10;
    pub(crate) const USER_TYPE: u32 = 1 << 11;
    pub(crate) const PRIVATE_KEY: u32 = 1 << 12;
    pub(crate) const PUBLIC_KEY: u32 = 1 << 13;
    pub(crate) const PUBLIC_FIRST: u32 = 1 << 14;
    pub(crate) const OBJECT_KEY: u32 = 1 << 15;
    /// The command type of clocks, so far without them.
    pub(crate) const TIME_INFO: u32 = 1 << 17;
    /// Something is printed in another way than usual.
    pub(crate) const UNUSUAL: u32 = 1 << 16;
}

/// Records are compared by what they say, whoever parsed them.
impl PartialEq for Print {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Print {}
