//! Times in the log.

/// What a timestamp of the log or of the SDR repository means. IPMI v2.0 §37.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timestamp {
    /// The controller does not know: FFFFFFFFh.
    Unspecified,
    /// Seconds since the controller started, as its clock had not been set: up to 20000000h.
    SinceInit(u32),
    /// Seconds since 1970 began, by a clock that may run in UTC or in local time.
    Unix(u32),
}

impl Timestamp {
    /// The greatest number that counts from the controller's start.
    pub const LAST_SINCE_INIT: u32 = 0x2000_0000;

    /// The meaning of `raw`.
    #[must_use]
    pub const fn new(raw: u32) -> Self {
        match raw {
            u32::MAX => Self::Unspecified,
            0..=Self::LAST_SINCE_INIT => Self::SinceInit(raw),
            _ => Self::Unix(raw),
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn raw(self) -> u32 {
        match self {
            Self::Unspecified => u32::MAX,
            Self::SinceInit(seconds) | Self::Unix(seconds) => seconds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_borders_are_where_the_specification_draws_them() {
        assert_eq!(Timestamp::new(0), Timestamp::SinceInit(0));
        assert_eq!(Timestamp::new(0x2000_0000), Timestamp::SinceInit(0x2000_0000));
        assert_eq!(Timestamp::new(0x2000_0001), Timestamp::Unix(0x2000_0001));
        assert_eq!(Timestamp::new(0xffff_fffe), Timestamp::Unix(0xffff_fffe));
        assert_eq!(Timestamp::new(u32::MAX), Timestamp::Unspecified);
        assert_eq!(Timestamp::Unspecified.raw(), u32::MAX);
    }
}
