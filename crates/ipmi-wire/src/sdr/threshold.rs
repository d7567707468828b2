//! The six thresholds of an analogue sensor.

use core::fmt;

/// One of the six thresholds, in the order of their bits. IPMI v2.0 §35.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ThresholdKind {
    /// Bit 0.
    LowerNonCritical,
    /// Bit 1.
    LowerCritical,
    /// Bit 2.
    LowerNonRecoverable,
    /// Bit 3.
    UpperNonCritical,
    /// Bit 4.
    UpperCritical,
    /// Bit 5.
    UpperNonRecoverable,
}

impl ThresholdKind {
    /// All six, by bit.
    pub const ALL: [Self; 6] = [
        Self::LowerNonCritical,
        Self::LowerCritical,
        Self::LowerNonRecoverable,
        Self::UpperNonCritical,
        Self::UpperCritical,
        Self::UpperNonRecoverable,
    ];

    /// The bit's number, 0 to 5.
    #[must_use]
    pub const fn bit(self) -> u8 {
        self as u8
    }

    /// Whether it guards against high values.
    #[must_use]
    pub const fn is_upper(self) -> bool {
        self.bit() >= 3
    }

    /// 0 non-critical, 1 critical, 2 non-recoverable.
    #[must_use]
    pub const fn severity(self) -> u8 {
        self.bit() % 3
    }

    /// The specification's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LowerNonCritical => "Lower Non-critical",
            Self::LowerCritical => "Lower Critical",
            Self::LowerNonRecoverable => "Lower Non-recoverable",
            Self::UpperNonCritical => "Upper Non-critical",
            Self::UpperCritical => "Upper Critical",
            Self::UpperNonRecoverable => "Upper Non-recoverable",
        }
    }
}

impl fmt::Display for ThresholdKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A set of thresholds, one bit each; bits 6 and 7 are reserved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ThresholdMask(pub u8);

impl ThresholdMask {
    /// No threshold.
    pub const NONE: Self = Self(0);
    /// All six.
    pub const ALL: Self = Self(0x3f);

    /// Whether `kind` is in the set.
    #[must_use]
    pub const fn contains(self, kind: ThresholdKind) -> bool {
        self.0 & (1 << kind.bit()) != 0
    }

    /// The set with `kind` in it.
    #[must_use]
    pub const fn with(self, kind: ThresholdKind) -> Self {
        Self(self.0 | (1 << kind.bit()))
    }

    /// Whether no threshold is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 & Self::ALL.0 == 0
    }

    /// The thresholds in the set, by bit.
    pub fn iter(self) -> impl Iterator<Item = ThresholdKind> {
        ThresholdKind::ALL.into_iter().filter(move |kind| self.contains(*kind))
    }

    /// The gravest threshold in the set, if this is a set of exceeded ones.
    #[must_use]
    pub fn worst(self) -> Option<ThresholdKind> {
        self.iter().max_by_key(|kind| kind.severity())
    }
}

impl FromIterator<ThresholdKind> for ThresholdMask {
    fn from_iter<I: IntoIterator<Item = ThresholdKind>>(kinds: I) -> Self {
        kinds.into_iter().fold(Self::NONE, Self::with)
    }
}

/// Six thresholds as raw readings. Which of them mean anything is said elsewhere, in a
/// [`ThresholdMask`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RawThresholds {
    /// Lower non-critical.
    pub lower_non_critical: u8,
    /// Lower critical.
    pub lower_critical: u8,
    /// Lower non-recoverable.
    pub lower_non_recoverable: u8,
    /// Upper non-critical.
    pub upper_non_critical: u8,
    /// Upper critical.
    pub upper_critical: u8,
    /// Upper non-recoverable.
    pub upper_non_recoverable: u8,
}

impl RawThresholds {
    /// The raw value of `kind`.
    #[must_use]
    pub const fn get(&self, kind: ThresholdKind) -> u8 {
        match kind {
            ThresholdKind::LowerNonCritical => self.lower_non_critical,
            ThresholdKind::LowerCritical => self.lower_critical,
            ThresholdKind::LowerNonRecoverable => self.lower_non_recoverable,
            ThresholdKind::UpperNonCritical => self.upper_non_critical,
            ThresholdKind::UpperCritical => self.upper_critical,
            ThresholdKind::UpperNonRecoverable => self.upper_non_recoverable,
        }
    }

    /// Sets the raw value of `kind`.
    pub const fn set(&mut self, kind: ThresholdKind, raw: u8) {
        *match kind {
            ThresholdKind::LowerNonCritical => &mut self.lower_non_critical,
            ThresholdKind::LowerCritical => &mut self.lower_critical,
            ThresholdKind::LowerNonRecoverable => &mut self.lower_non_recoverable,
            ThresholdKind::UpperNonCritical => &mut self.upper_non_critical,
            ThresholdKind::UpperCritical => &mut self.upper_critical,
            ThresholdKind::UpperNonRecoverable => &mut self.upper_non_recoverable,
        } = raw;
    }

    /// From the order of the commands, which is that of the bits.
    #[must_use]
    pub const fn from_command(bytes: [u8; 6]) -> Self {
        let [
            lower_non_critical,
            lower_critical,
            lower_non_recoverable,
            upper_non_critical,
            upper_critical,
            upper_non_recoverable,
        ] = bytes;
        Self {
            lower_non_critical,
            lower_critical,
            lower_non_recoverable,
            upper_non_critical,
            upper_critical,
            upper_non_recoverable,
        }
    }

    /// In the order of the commands.
    #[must_use]
    pub const fn to_command(self) -> [u8; 6] {
        [
            self.lower_non_critical,
            self.lower_critical,
            self.lower_non_recoverable,
            self.upper_non_critical,
            self.upper_critical,
            self.upper_non_recoverable,
        ]
    }

    /// From the order of full sensor records: exactly the other way round.
    #[must_use]
    pub const fn from_record(bytes: [u8; 6]) -> Self {
        let [unr, uc, unc, lnr, lc, lnc] = bytes;
        Self::from_command([lnc, lc, lnr, unc, uc, unr])
    }

    /// In the order of full sensor records.
    #[must_use]
    pub const fn to_record(self) -> [u8; 6] {
        let [lnc, lc, lnr, unc, uc, unr] = self.to_command();
        [unr, uc, unc, lnr, lc, lnc]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_and_commands_disagree_on_the_order() {
        let thresholds = RawThresholds::from_command([1, 2, 3, 4, 5, 6]);
        assert_eq!((thresholds.lower_non_critical, thresholds.upper_non_recoverable), (1, 6));
        assert_eq!(thresholds.to_record(), [6, 5, 4, 3, 2, 1]);
        assert_eq!(RawThresholds::from_record([6, 5, 4, 3, 2, 1]), thresholds);
        for (kind, raw) in ThresholdKind::ALL.into_iter().zip(1..) {
            assert_eq!((thresholds.get(kind), kind.bit() + 1), (raw, raw));
        }
    }

    #[test]
    fn the_worst_is_the_gravest_on_either_side() {
        assert_eq!(ThresholdMask(0xc0).worst(), None);
        assert_eq!(ThresholdMask(0b0_0011).worst(), Some(ThresholdKind::LowerCritical));
        assert_eq!(ThresholdMask(0b11_1000).worst(), Some(ThresholdKind::UpperNonRecoverable));
        assert_eq!(ThresholdMask::ALL.iter().collect::<ThresholdMask>(), ThresholdMask::ALL);
    }
}
