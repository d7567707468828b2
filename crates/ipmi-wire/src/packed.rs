//! The packed text encodings of a type/length byte, both directions: 6-bit ASCII and BCD plus.
//!
//! Source: IPMI v2.0 §43.15; Platform Management FRU Information Storage Definition v1.0 §13.

/// Unpacks 6-bit ASCII: four characters in three bytes, low bits first. A character that is not
/// complete is left out, and so are trailing spaces, which are filling.
pub(crate) fn six_bit_text(bytes: &[u8]) -> String {
    let mut text: String = bytes.chunks(3).flat_map(six_bits).collect();
    text.truncate(text.trim_end_matches(' ').len());
    text
}

/// Packs `text`, if all of it is between space and underscore.
pub(crate) fn six_bit(text: &str) -> Option<Vec<u8>> {
    let codes = text.bytes().map(|byte| match byte {
        0x20..=0x5f => Some(u32::from(byte.wrapping_sub(0x20))),
        _ => None,
    });
    let codes = codes.collect::<Option<Vec<u32>>>()?;
    let pack = |group: &[u32]| {
        let bits = group.iter().rev().fold(0u32, |bits, code| (bits << 6) | code);
        // One character takes one byte, two take two, three and four take three.
        bits.to_le_bytes().into_iter().take(group.len().min(3))
    };
    Some(codes.chunks(4).flat_map(pack).collect())
}

/// Unpacks BCD plus: two digits per byte, high one first. Trailing spaces are filling.
///
/// Digits Dh to Fh are reserved; they are read as ipmitool 1.8.19 prints them.
pub(crate) fn bcd_plus_text(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    let mut text: String = digits.map(bcd_char).collect();
    text.truncate(text.trim_end_matches(' ').len());
    text
}

/// Packs `text`, if it has nothing but digits, spaces, dashes and full stops.
pub(crate) fn bcd_plus(text: &str) -> Option<Vec<u8>> {
    let digits = text.bytes().map(|byte| match byte {
        b'0'..=b'9' => Some(byte & 0x0f),
        b' ' => Some(BCD_SPACE),
        b'-' => Some(0x0b),
        b'.' => Some(0x0c),
        _ => None,
    });
    let digits = digits.collect::<Option<Vec<u8>>>()?;
    let pack = |pair: &[u8]| match pair {
        [high, low, ..] => (high << 4) | low,
        [high] => (high << 4) | BCD_SPACE,
        [] => 0,
    };
    Some(digits.chunks(2).map(pack).collect())
}

/// Up to three bytes: as many characters as are complete.
fn six_bits(bytes: &[u8]) -> impl Iterator<Item = char> + use<> {
    let (bits, count) = match bytes {
        [a, b, c, ..] => (u32::from_le_bytes([*a, *b, *c, 0]), 4),
        [a, b] => (u32::from_le_bytes([*a, *b, 0, 0]), 2),
        [a] => (u32::from(*a), 1),
        [] => (0, 0),
    };
    [0, 6, 12, 18].into_iter().take(count).map(move |shift| {
        // Six bits: at most 3Fh + 20h.
        char::from_u32(((bits >> shift) & 0x3f) + 0x20).unwrap_or(' ')
    })
}

fn bcd_char(digit: u8) -> char {
    match digit {
        0..=9 => char::from(b'0' | digit),
        BCD_SPACE => ' ',
        0x0b => '-',
        0x0c => '.',
        0x0d => ':',
        0x0e => ',',
        _ => '_',
    }
}

const BCD_SPACE: u8 = 0x0a;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_specifications_own_example() {
        // "IPMI" in §43.15 and in §13.3 of the FRU definition.
        assert_eq!(six_bit("IPMI").unwrap(), [0x29, 0xdc, 0xa6]);
        assert_eq!(six_bit_text(&[0x29, 0xdc, 0xa6]), "IPMI");
    }

    #[test]
    fn one_to_three_characters_take_as_many_bytes() {
        for text in ["A", "AB", "ABC", "ABCD", "ABCDE"] {
            let packed = six_bit(text).unwrap();
            assert_eq!(packed.len(), (text.len() * 6).div_ceil(8), "{text}");
            assert_eq!(six_bit_text(&packed), text);
        }
    }

    #[test]
    fn digits_come_in_pairs() {
        assert_eq!(bcd_plus("12-3.4 5").unwrap(), [0x12, 0xb3, 0xc4, 0xa5]);
        assert_eq!(bcd_plus("123").unwrap(), [0x12, 0x3a]);
        assert_eq!(bcd_plus_text(&[0x12, 0x3a]), "123");
        assert_eq!(bcd_plus_text(&[0xde, 0xf0]), ":,_0");
    }

    #[test]
    fn what_cannot_be_expressed_is_refused() {
        assert_eq!(six_bit("lower"), None);
        assert_eq!(six_bit("Ä"), None);
        assert_eq!(bcd_plus("12A"), None);
        assert_eq!(bcd_plus("1:2"), None);
    }

    proptest! {
        #[test]
        fn packing_is_undone_by_unpacking(text in "([ -_]{0,40}[!-_])?") {
            prop_assert_eq!(six_bit_text(&six_bit(&text).unwrap()), text);
        }

        #[test]
        fn digits_round_trip(text in "([0-9 .-]{0,40}[0-9.-])?") {
            prop_assert_eq!(bcd_plus_text(&bcd_plus(&text).unwrap()), text);
        }
    }
}
