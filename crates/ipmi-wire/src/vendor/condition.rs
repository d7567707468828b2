//! When a row of the tables applies: words that all have to hold.

use super::Facts;
use super::expression::sum;

/// One word of a row's conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition<'a> {
    /// Record type.
    Record(Set<'a>),
    /// Low byte of the generator ID.
    From(Set<'a>),
    /// Sensor type.
    Type(Set<'a>),
    /// Sensor number.
    Number(Set<'a>),
    /// Event/reading type.
    Class(Set<'a>),
    /// Offset of the state.
    At(Set<'a>),
    /// All states of a sensor together.
    Value(Set<'a>),
    /// Byte 2, or 3, of the event's data is said to be an OEM's own.
    Oem2,
    Oem3,
    /// The state came, or went.
    Came,
    Gone,
    /// What a sum is, or is not.
    Sum {
        of: &'a str,
        is: bool,
        one_of: Set<'a>,
    },
}

/// Hexadecimal numbers and ranges of them with commas between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Set<'a>(&'a str);

impl<'a> Set<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let set = Self(text);
        // Every part counts, also behind one that fits.
        set.0.split(',').all(|part| range(part).is_some()).then_some(set)
    }

    fn ranges(self) -> impl Iterator<Item = (u32, u32)> + 'a {
        self.0.split(',').filter_map(range)
    }

    pub(super) fn has(self, number: u32) -> bool {
        self.ranges().any(|(from, to)| (from..=to).contains(&number))
    }

    #[cfg(test)]
    pub(super) fn meets(self, other: Self) -> bool {
        self.ranges().any(|(from, to)| other.ranges().any(|(a, b)| a <= to && from <= b))
    }
}

fn range(part: &str) -> Option<(u32, u32)> {
    let number = |text: &str| u32::from_str_radix(text, 16).ok();
    match part.split_once('-') {
        Some((from, to)) => {
            let (from, to) = (number(from)?, number(to)?);
            (from <= to).then_some((from, to))
        }
        None => number(part).map(|only| (only, only)),
    }
}

impl<'a> Condition<'a> {
    /// `None` if it is none.
    pub(super) fn parse(word: &'a str) -> Option<Self> {
        match word {
            "oem2" => return Some(Self::Oem2),
            "oem3" => return Some(Self::Oem3),
            "came" => return Some(Self::Came),
            "gone" => return Some(Self::Gone),
            _ => {}
        }
        let (of, one_of) = word.split_once('=')?;
        let one_of = Set::parse(one_of)?;
        Some(match of {
            "record" => Self::Record(one_of),
            "from" => Self::From(one_of),
            "type" => Self::Type(one_of),
            "num" => Self::Number(one_of),
            "class" => Self::Class(one_of),
            "at" => Self::At(one_of),
            "value" => Self::Value(one_of),
            _ => match of.strip_suffix('!') {
                Some(of) => Self::Sum { of, is: false, one_of },
                None => Self::Sum { of, is: true, one_of },
            },
        })
    }

    fn holds(self, facts: &Facts<'_>) -> bool {
        let number = |set: Set<'_>, number: u8| set.has(number.into());
        match self {
            Self::Record(set) => number(set, facts.record_type),
            Self::From(set) => number(set, facts.generator),
            Self::Type(set) => number(set, facts.sensor_type),
            Self::Number(set) => number(set, facts.number),
            Self::Class(set) => number(set, facts.class),
            Self::At(set) => number(set, facts.offset),
            Self::Value(set) => facts.states.is_some_and(|states| set.has(states.into())),
            Self::Oem2 => facts.flag(6) == 2,
            Self::Oem3 => facts.flag(4) == 2,
            Self::Came => facts.assertion,
            Self::Gone => !facts.assertion,
            Self::Sum { of, is, one_of } => sum(of, facts)
                .and_then(|sum| u32::try_from(sum).ok())
                .is_some_and(|sum| one_of.has(sum) == is),
        }
    }
}

/// Whether all of `words` hold.
pub(super) fn all(words: &str, facts: &Facts<'_>) -> bool {
    words
        .split_ascii_whitespace()
        .all(|word| Condition::parse(word).is_some_and(|condition| condition.holds(facts)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_words_have_to_hold() {
        let data = [0xa1, 0x2a, 0x80];
        let facts = Facts {
            record_type: 2,
            generator: 0x33,
            sensor_type: 0x0c,
            number: 2,
            class: 0x6f,
            offset: 1,
            assertion: true,
            data: &data,
            states: None,
        };
        for words in [
            "",
            "type=c class=6f at=0,1",
            "from=20-33 num=2 record=2 came oem2 oem3",
            "d2[7:4]=2 d3!=ff d2=00-2a,ff",
        ] {
            assert!(all(words, &facts), "{words}");
        }
        for words in [
            "type=d",
            "class=6f at=2",
            "gone",
            "value=1",
            "d2[3:0]=b",
            "d3!=80",
            "nonsense",
            "d9=0",
        ] {
            assert!(!all(words, &facts), "{words}");
        }
    }

    #[test]
    fn what_is_no_condition_is_none() {
        for word in ["type=", "type=g", "type=2-1", "type", "at=1,,2", "type=1;2"] {
            assert_eq!(Condition::parse(word), None, "{word}");
        }
    }
}
