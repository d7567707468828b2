//! A number as a program printed it: with a last digit, and therefore with a limit to what it says.

/// A number and the digits behind its point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// The number; not finite if the program printed `nan` or `inf`.
    pub value: f64,
    /// Digits behind the point.
    pub digits: u8,
}

impl Figure {
    /// Reads what `printf` makes of a number with `%f` and its like.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let value = text.parse().ok()?;
        let digits = text.split_once('.').map_or(0, |(_, digits)| digits.len());
        Some(Self { value, digits: u8::try_from(digits).ok()? })
    }

    /// Whether `exact`, rounded to as many digits, is this. `None`, a value that does not exist, is
    /// what is not a finite number.
    #[must_use]
    pub fn is_rounded(&self, exact: Option<f64>) -> bool {
        self.is_off_by_less_than(0.5, exact)
    }

    /// Whether `exact` is less than one of the last digit away: what a program may print that cuts
    /// digits off, or rounds twice.
    #[must_use]
    pub fn is_within_last_digit(&self, exact: Option<f64>) -> bool {
        self.is_off_by_less_than(1.0, exact)
    }

    fn is_off_by_less_than(&self, units: f64, exact: Option<f64>) -> bool {
        let Some(exact) = exact else { return !self.value.is_finite() };
        // Both sides compute in binary; the last bits may differ.
        let noise = 1e-12 + exact.abs() * 1e-9;
        (self.value - exact).abs() <= units * 10f64.powi(-i32::from(self.digits)) + noise
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_says_as_much_as_it_has_digits() {
        let figure = Figure::parse("-4.05").unwrap();
        assert_eq!(figure, Figure { value: -4.05, digits: 2 });
        assert!(figure.is_rounded(Some(-4.0501)) && figure.is_rounded(Some(-4.055)));
        assert!(!figure.is_rounded(Some(-4.056)) && figure.is_within_last_digit(Some(-4.056)));
        assert!(!figure.is_within_last_digit(Some(-4.061)));
        assert!(Figure::parse("3").unwrap().is_rounded(Some(3.4)));
        assert_eq!(Figure::parse("na"), None);
    }

    #[test]
    fn what_does_not_exist_is_no_number() {
        for text in ["nan", "-nan", "inf", "-inf"] {
            let figure = Figure::parse(text).unwrap();
            assert!(figure.is_rounded(None) && !figure.is_rounded(Some(0.0)), "{text}");
        }
        assert!(!Figure::parse("0.00").unwrap().is_rounded(None));
    }
}
