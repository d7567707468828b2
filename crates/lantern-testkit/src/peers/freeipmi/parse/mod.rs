//! What FreeIPMI 1.6 prints, taken apart into fields.
//!
//! Every line is accounted for: one that is not known fails the test, for what is passed over in
//! silence is not compared.

mod fru;
mod record;
mod sel;
mod sensor;

pub use fru::{FruDump, ipmi_fru};
pub use record::{Detailed, ipmi_sensors_detailed};
pub use sel::{SelEvent, ipmi_sel, ipmi_sel_hex};
pub use sensor::{SensorLine, ipmi_sensors};

use crate::peers::Figure;

/// A figure, or `N/A`.
#[track_caller]
fn figure_or_na(text: &str) -> Option<Figure> {
    (text != "N/A").then(|| {
        Figure::parse(text).unwrap_or_else(|| panic!("neither a number nor N/A: `{text}`"))
    })
}

/// The rows of `--comma-separated-output`, each as pairs of a column's title and its value. The last
/// column keeps its commas.
///
/// # Panics
/// If there is a column that is not among `known`.
fn table<'a>(text: &'a str, known: &[&str]) -> Vec<Vec<(&'a str, &'a str)>> {
    let mut lines = text.lines();
    let titles: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    for title in &titles {
        assert!(known.contains(title), "no such column is known: `{title}`");
    }
    let row = |line: &'a str| {
        let cells: Vec<&str> = line.splitn(titles.len(), ',').collect();
        assert_eq!(cells.len(), titles.len(), "a short row: `{line}`");
        titles.iter().copied().zip(cells).collect()
    };
    lines.map(row).collect()
}

/// The value of a column that may not be there.
fn cell<'a>(row: &[(&str, &'a str)], title: &str) -> Option<&'a str> {
    row.iter().find(|(known, _)| *known == title).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_column_keeps_its_commas() {
        let rows = table("ID,Event\n1,a,b\n", &["ID", "Event"]);
        assert_eq!(rows, [[("ID", "1"), ("Event", "a,b")]]);
        assert_eq!((cell(&rows[0], "ID"), cell(&rows[0], "Name")), (Some("1"), None));
    }

    #[test]
    #[should_panic(expected = "no such column is known: `Colour`")]
    fn a_column_that_is_new_is_not_passed_over() {
        let _ = table("ID,Colour\n1,red\n", &["ID", "Event"]);
    }
}
