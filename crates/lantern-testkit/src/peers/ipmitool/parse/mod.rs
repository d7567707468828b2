//! What ipmitool 1.8.19 prints, taken apart into fields.
//!
//! Every line is accounted for: one that is not known fails the test, for what is passed over in
//! silence is not compared.

mod fru;
mod record;
mod sel;
mod sensor;

pub use fru::{FruPrint, fru_print};
pub use record::{VerboseRecord, VerboseSensor, sdr_verbose, sensor_get};
pub use sel::{SelDetail, SelRow, sel_csv, sel_details, sel_rows};
pub use sensor::{
    Cell, FullCsv, SdrRow, SensorRow, sdr_elist, sdr_full_csv, sensor_list, sensor_list_csv,
};

use crate::peers::Figure;

/// A figure, or `na`.
///
/// # Panics
/// If it is neither.
#[track_caller]
fn figure_or_na(text: &str) -> Option<Figure> {
    let text = text.trim();
    (text != "na").then(|| figure(text))
}

#[track_caller]
fn figure(text: &str) -> Figure {
    Figure::parse(text.trim()).unwrap_or_else(|| panic!("no number: `{text}`"))
}

/// An entity: `7.1`.
#[track_caller]
fn entity(text: &str) -> (u8, u8) {
    let parts = text.trim().split_once('.');
    let parts = parts.and_then(|(id, instance)| Some((id.parse().ok()?, instance.parse().ok()?)));
    parts.unwrap_or_else(|| panic!("no entity: `{text}`"))
}
