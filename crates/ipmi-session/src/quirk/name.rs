//! Names that people type.

use super::Quirk;

impl Quirk {
    /// The quirk of this name, in capitals or not, as FreeIPMI takes it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quirk| quirk.name().eq_ignore_ascii_case(name))
    }

    /// The quirk whose name is most like this one, if one is like it at all: for messages.
    #[must_use]
    pub fn most_like(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let (distance, quirk) = Self::ALL
            .into_iter()
            .map(|quirk| (distance(&name, quirk.name()), quirk))
            .min_by_key(|(distance, _)| *distance)?;
        // A third of it may be wrong.
        (distance <= quirk.name().len() / 3).then_some(quirk)
    }
}

/// How many characters have to be inserted, removed or replaced to make one of the other
/// (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    // The distances of a growing piece of `from` to each piece of `to` that begins it.
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut left = i.saturating_add(1);
        let mut diagonal = i;
        let mut next = vec![left];
        for (b, above) in to.chars().zip(row.iter().skip(1)) {
            let replaced = diagonal.saturating_add(usize::from(a != b));
            left = replaced.min(left.saturating_add(1)).min(above.saturating_add(1));
            next.push(left);
            diagonal = *above;
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_hand_is_understood_and_nonsense_is_not() {
        for (typed, meant) in [
            ("idzeroo", Some(Quirk::IdZero)),
            ("IDZRO", Some(Quirk::IdZero)),
            ("opensespriv", Some(Quirk::OpenSessPriv)),
            ("supermicro", Some(Quirk::Supermicro20)),
            ("intel", Some(Quirk::Intel20)),
            ("solpayloadsize", None),
            ("", None),
            ("ü", None),
        ] {
            assert_eq!(Quirk::most_like(typed), meant, "{typed}");
        }
        for (from, to, far) in [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3)] {
            assert_eq!((distance(from, to), distance(to, from)), (far, far));
        }
    }
}
