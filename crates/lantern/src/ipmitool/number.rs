//! Numbers as C's `strtol` reads them with base 0: `12`, `0x0c`, and `014` in octal.

/// A number, if the whole word is one.
fn whole(text: &str) -> Option<i64> {
    let text = text.trim_start_matches(|c: char| c.is_ascii_whitespace());
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match (lower.strip_prefix("0x"), lower.as_str()) {
        (Some(digits), _) => (16, digits),
        (None, "0") => (10, "0"),
        (None, octal) if octal.starts_with('0') => (8, octal),
        (None, decimal) => (10, decimal),
    };
    let is_digits = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    let number = is_digits.then(|| i64::from_str_radix(digits, radix).ok()).flatten()?;
    Some(if negative { number.checked_neg()? } else { number })
}

/// A number that fits; `None` if it is none, or none of this size.
pub(super) fn number<T: TryFrom<i64>>(text: &str) -> Option<T> {
    T::try_from(whole(text)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_c() {
        for (text, is) in [
            ("12", Some(12)),
            ("0x0c", Some(12)),
            ("0XFF", Some(255)),
            ("014", Some(12)),
            ("0", Some(0)),
            ("06", Some(6)),
            ("08", None),
            ("", None),
            ("0x", None),
            ("1x", None),
            ("256", None),
            ("-1", None),
            (" 7", Some(7)),
            ("+7", Some(7)),
        ] {
            assert_eq!(number::<u8>(text), is, "{text:?}");
        }
        assert_eq!(number::<i32>("-5"), Some(-5));
        assert_eq!(number::<u16>("65535"), Some(65535));
    }
}
