//! The limits of framing and parsing, each configurable, each with a reject reason at it.

/// What one message, and one frame of it, may cost. `Default` is the documented set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a message as it arrives. Beyond: `too_large`.
    pub message_bytes_max: usize,
    /// Bytes of a message after inflation. Beyond: `inflated_too_large`.
    pub inflated_bytes_max: usize,
    /// Inflated bytes per compressed byte, looked at once [`Self::inflation_free_bytes`] came out.
    /// Beyond: `inflated_too_large`.
    pub inflation_ratio_max: u32,
    /// Bytes that may come out before the ratio counts.
    pub inflation_free_bytes: usize,
    /// Compressions inside each other that are peeled.
    pub compressions_max: u32,
    /// Bytes of a frame. Beyond: `too_large`.
    pub frame_bytes_max: usize,
    /// Lines of a frame, empty ones included. Beyond: `too_many_lines`.
    pub frame_lines_max: u32,
    /// Events of a message. Beyond: `too_many_events`.
    pub events_max: u32,
    /// Nesting of JSON. Beyond: `nested_too_deep`.
    pub json_nesting_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes_max: 16 << 20,
            inflated_bytes_max: 64 << 20,
            inflation_ratio_max: 200,
            inflation_free_bytes: 1 << 20,
            compressions_max: 2,
            frame_bytes_max: 64 << 10,
            frame_lines_max: 64,
            events_max: 100_000,
            json_nesting_max: 32,
        }
    }
}
