//! IANA enterprise numbers: who made it.
//!
//! The table is IANA's registry of 2024-05-16 (<https://www.iana.org/assignments/enterprise-numbers>,
//! CC0), number and organisation only. `tools/enterprise-numbers.py` makes it anew.

/// `number<TAB>name` lines, ascending.
const TABLE: &str = include_str!("enterprise-numbers.tsv");

/// The organisation that `iana` was assigned to, as the registry writes it.
///
/// Searched in the text itself: nothing to set up, nothing on the heap.
#[must_use]
pub fn name(iana: u32) -> Option<&'static str> {
    // Bytes, as the middle may be inside a character; line ends never are.
    let mut rest = TABLE.as_bytes();
    while !rest.is_empty() {
        let (before_middle, _) = rest.split_at_checked(rest.len() / 2)?;
        let start = before_middle.iter().rposition(|byte| *byte == b'\n');
        let (before, from) = rest.split_at_checked(start.map_or(0, |end| end.saturating_add(1)))?;
        let end = from.iter().position(|byte| *byte == b'\n').unwrap_or(from.len());
        let (line, after) = from.split_at_checked(end)?;
        let (number, name) = core::str::from_utf8(line).ok()?.split_once('\t')?;
        rest = match number.parse::<u32>().ok()?.cmp(&iana) {
            core::cmp::Ordering::Equal => return Some(name),
            core::cmp::Ordering::Less => after.strip_prefix(b"\n").unwrap_or_default(),
            core::cmp::Ordering::Greater => before,
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makers_of_controllers_are_found() {
        assert_eq!(name(0), Some("Reserved"));
        assert_eq!(name(343), Some("Intel Corporation"));
        assert_eq!(name(674), Some("Dell Inc."));
        assert_eq!(name(7154), Some("Intelligent Platform Management Interface forum"));
        assert_eq!(name(10876), Some("Super Micro Computer Inc."));
        assert_eq!(name(61910), Some("Essence quantum technology"));
    }

    #[test]
    fn unassigned_numbers_have_no_name() {
        assert_eq!((name(61911), name(0x00ff_ffff), name(u32::MAX)), (None, None, None));
    }

    #[test]
    fn the_table_ascends_and_a_sample_of_it_is_found() {
        let numbers: Vec<u32> =
            TABLE.lines().map(|line| line.split_once('\t').unwrap().0.parse().unwrap()).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b));
        for line in TABLE.lines().step_by(97) {
            let (number, text) = line.split_once('\t').unwrap();
            assert_eq!(name(number.parse().unwrap()), Some(text));
        }
    }
}
