//! Sensors in rows: `sensor list`, `sdr elist`, and both with `-c`.

use super::{entity, figure, figure_or_na};
use crate::peers::Figure;
use crate::peers::fields::hex;

/// What stands where a reading stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell {
    /// A value.
    Value(Figure),
    /// The reading byte of a sensor without values. (`sensor list` prints the states' low byte
    /// here, `-c` the reading.)
    Raw(u16),
    /// `na`.
    None,
}

/// A row of `sensor list`.
#[derive(Clone, Debug, PartialEq)]
pub struct SensorRow {
    /// Name, without what blanks it ends with.
    pub name: String,
    /// Reading.
    pub reading: Cell,
    /// Unit, or `discrete`.
    pub unit: String,
    /// `ok`, `nc`, `cr`, `nr`, or `na`; the states of a discrete sensor, the low byte first.
    pub status: String,
    /// Thresholds: lower non-recoverable, critical, non-critical, then upper non-critical, critical
    /// and non-recoverable.
    pub thresholds: [Option<Figure>; 6],
}

/// A row of `sdr elist all`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SdrRow {
    /// Name, without what blanks it ends with.
    pub name: String,
    /// Sensor number; 0 for a locator.
    pub number: u8,
    /// `ok`, `ns`, ...
    pub status: String,
    /// Entity ID and instance.
    pub entity: (u8, u8),
    /// Reading and unit, cut off after 15 characters; states; what a locator locates.
    pub text: String,
}

/// A row of `-v -c sdr elist full` about a threshold sensor.
#[derive(Clone, Debug, PartialEq)]
pub struct FullCsv {
    /// Name, blanks and all.
    pub name: String,
    /// The reading; `None` if there is none.
    pub reading: Option<Figure>,
    /// Unit.
    pub unit: String,
    /// `ok`, `ns`, ...
    pub status: String,
    /// Entity ID and instance.
    pub entity: (u8, u8),
    /// Sensor type in words.
    pub sensor_type: String,
    /// Nominal reading, normal minimum and maximum, if the record gives them.
    pub normal: [Option<Figure>; 3],
    /// Thresholds of the record in the order of [`SensorRow::thresholds`], if it gives them.
    pub thresholds: [Option<Figure>; 6],
    /// The least and the highest that the sensor can read.
    pub range: [Option<Figure>; 2],
}

/// Takes `sensor list` apart.
///
/// # Panics
/// If it is not that.
#[must_use]
pub fn sensor_list(text: &str) -> Vec<SensorRow> {
    text.lines().map(|line| sensor_row(line, '|')).collect()
}

/// Takes `-c sensor list` apart.
///
/// # Panics
/// If it is not that.
#[must_use]
pub fn sensor_list_csv(text: &str) -> Vec<SensorRow> {
    text.lines().map(|line| sensor_row(line, ',')).collect()
}

fn sensor_row(line: &str, separator: char) -> SensorRow {
    let cells: Vec<&str> = line.split(separator).map(str::trim).collect();
    let [name, reading, unit, status, thresholds @ ..] = cells.as_slice() else {
        panic!("no row of a sensor: `{line}`")
    };
    let thresholds: [&str; 6] = thresholds.try_into().unwrap_or_else(|_| panic!("`{line}`"));
    SensorRow {
        name: (*name).to_owned(),
        reading: match *reading {
            "na" => Cell::None,
            raw if raw.starts_with("0x") => Cell::Raw(hex(raw)),
            value => Cell::Value(figure(value)),
        },
        unit: (*unit).to_owned(),
        status: (*status).to_owned(),
        thresholds: thresholds.map(figure_or_na),
    }
}

/// Takes `sdr elist` apart.
///
/// # Panics
/// If it is not that.
#[must_use]
pub fn sdr_elist(text: &str) -> Vec<SdrRow> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.splitn(5, '|').map(str::trim).collect();
        let [name, number, status, at, text] = cells.as_slice() else {
            panic!("no row of a record: `{line}`")
        };
        SdrRow {
            name: (*name).to_owned(),
            number: u8::try_from(hex(number)).expect("one byte"),
            status: (*status).to_owned(),
            entity: entity(at),
            text: (*text).to_owned(),
        }
    };
    text.lines().map(row).collect()
}

/// Takes `-v -c sdr elist full` apart: threshold sensors only.
///
/// # Panics
/// If it is not that.
#[must_use]
pub fn sdr_full_csv(text: &str) -> Vec<FullCsv> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let [name, reading, unit, status, at, _entity_name, sensor_type, figures @ ..] =
            cells.as_slice()
        else {
            panic!("no row of a full record: `{line}`")
        };
        let figures: [&str; 11] = figures.try_into().unwrap_or_else(|_| panic!("`{line}`"));
        let figures = figures.map(|text| (!text.is_empty()).then(|| figure(text)));
        let [nominal, min, max, unr, ucr, unc, lnr, lcr, lnc, least, highest] = figures;
        FullCsv {
            name: (*name).to_owned(),
            reading: (!reading.is_empty()).then(|| figure(reading)),
            unit: (*unit).to_owned(),
            status: (*status).to_owned(),
            entity: entity(at),
            sensor_type: (*sensor_type).to_owned(),
            normal: [nominal, min, max],
            thresholds: [lnr, lcr, lnc, unc, ucr, unr],
            range: [least, highest],
        }
    };
    text.lines().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // All from ipmitool 1.8.19-4+deb12u2 against the BMC of this repository.

    #[test]
    fn rows_of_the_sensor_list() {
        let text = "x^2 1's          | 0.722      | Hz         | ok    | na        | na        | \
                    0.303     | 3.802     | 5.062     | 11.223    \n\
                    Fan present      | 0x2        | discrete   | 0x0280| na        | na        | \
                    na        | na        | na        | na        \n";
        let rows = sensor_list(text);
        assert_eq!(rows[0].name, "x^2 1's");
        assert_eq!(rows[0].reading, Cell::Value(Figure { value: 0.722, digits: 3 }));
        assert_eq!(rows[0].thresholds[1], None);
        assert_eq!(rows[0].thresholds[5], Some(Figure { value: 11.223, digits: 3 }));
        assert_eq!((rows[1].reading, rows[1].status.as_str()), (Cell::Raw(2), "0x0280"));
        let csv =
            sensor_list_csv("Linear 1's,-4.050,degrees C,ok,-19.050,na,na,0.950,5.950,10.950");
        assert_eq!(csv[0].thresholds[0], Some(Figure { value: -19.05, digits: 3 }));
    }

    #[test]
    fn rows_of_the_record_list() {
        let rows = sdr_elist(
            "Torque           | 28h | ok  |  7.40 | 8.50 Newton*inc\n\
             LM75             | 00h | ns  |  7.1 | Generic Device @20h:98h.0\n",
        );
        assert_eq!((rows[0].number, rows[0].entity), (0x28, (7, 40)));
        assert_eq!(rows[1].text, "Generic Device @20h:98h.0");
    }

    #[test]
    fn rows_with_all_figures_of_a_record() {
        let rows = sdr_full_csv(
            "Linear 1's,-4.050,degrees C,ok,7.2,System Board,Temperature,-4.050,-6.550,-1.550,\
             10.950,5.950,0.950,-19.050,-14.050,-9.050,-32.050,31.450",
        );
        assert_eq!((rows[0].entity, rows[0].sensor_type.as_str()), ((7, 2), "Temperature"));
        let values = rows[0].thresholds.map(|figure| figure.unwrap().value);
        assert_eq!(values, [-19.05, -14.05, -9.05, 0.95, 5.95, 10.95]);
        assert_eq!(rows[0].range[1].unwrap().value, 31.45);
    }

    #[test]
    #[should_panic(expected = "no row of a sensor")]
    fn a_line_of_another_kind_is_not_passed_over() {
        let _ = sensor_list("Sensor data record not found!");
    }
}
