//! ipmitool's figures of every sensor equal those that `ipmi_wire` computes from the same raw bytes,
//! to its last digit: over all functions, all forms of numbers, both personalities.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use common::ipmitool_says::{
    check_enables, check_record, check_row, check_thresholds, check_verbose, status,
};
use common::truth::TrueSensor;
use common::{Bmc, deviations, truth};
use ipmi_wire::sdr::Record;
use lantern_testkit::peers::ipmitool::parse::{
    VerboseRecord, sdr_elist, sdr_full_csv, sdr_verbose, sensor_get, sensor_list, sensor_list_csv,
};
use lantern_testkit::peers::{Figure, Ipmitool};

/// Each BMC with sensors that stand still, ipmitool at it, and the truth.
async fn each(check: impl AsyncFn(&Ipmitool, &[TrueSensor], &ipmi_client::Bmc)) {
    for bmc in [Bmc::specimens(), Bmc::frozen()] {
        let Some(tool) = bmc.ipmitool(17) else { return };
        let (endpoint, client) = common::client_at(bmc.addr);
        let sensors = truth::sensors(&client).await;
        assert!(sensors.len() >= 38, "{}", sensors.len());
        check(&tool, &sensors, &client).await;
        endpoint.shutdown().await;
    }
}

#[tokio::test]
async fn sensor_list_in_both_forms() {
    each(async |tool, sensors, _| {
        let table = tool.run("sensor list");
        let csv = tool.run("-c sensor list");
        let (table, csv) =
            (sensor_list(table.expect_success()), sensor_list_csv(csv.expect_success()));
        assert_eq!((table.len(), csv.len()), (sensors.len(), sensors.len()));
        for (sensor, (row, line)) in sensors.iter().zip(table.iter().zip(&csv)) {
            check_row(sensor, row, u16::from_le_bytes([sensor.reading.states.to_le_bytes()[0], 0]));
            check_row(sensor, line, sensor.reading.raw.into());
        }
    })
    .await;
}

#[tokio::test]
async fn sdr_elist_all_at_length() {
    each(async |tool, sensors, client| {
        let records = truth::records(client).await;
        let out = tool.run("sdr elist all -v");
        let said = sdr_verbose(out.expect_success());
        // ipmitool has nothing to say of associations, confirmations and OEM records.
        let shown = records.iter().filter(|record| record.name().is_some());
        assert_eq!(said.len(), shown.clone().count());
        let mut sensors = sensors.iter();
        for (said, record) in said.iter().zip(shown) {
            match said {
                VerboseRecord::Sensor(said) => {
                    let sensor = sensors.next().unwrap();
                    assert_eq!(
                        (said.name.as_str(), said.number),
                        (&*sensor.plain_name(), sensor.number)
                    );
                    check_verbose(sensor, said);
                    check_record(sensor, said);
                    check_enables(client, sensor, said).await;
                }
                VerboseRecord::EventOnly(name, number) => {
                    assert!(matches!(record, Record::EventOnly(_)), "{said:?}");
                    assert_eq!(Some(*number), record.sensor_number());
                    assert_eq!(*name, record.name().unwrap().text());
                }
                VerboseRecord::Locator(fields) => {
                    assert_eq!(fields.expect("Device ID"), record.name().unwrap().text());
                    let entity = record.entity().unwrap();
                    let entity = format!("{}.{} (", entity.id, entity.instance);
                    assert!(fields.expect("Entity ID").starts_with(&entity), "{fields}");
                }
            }
        }
        assert_eq!(sensors.count(), 0);
    })
    .await;
}

#[tokio::test]
async fn sensor_get_of_every_sensor() {
    each(async |tool, sensors, _| {
        for sensor in sensors.iter().filter(|sensor| sensor.plain_name() == sensor.name()) {
            // Names with blanks are one argument.
            let name = sensor.plain_name();
            if name.is_empty() {
                continue;
            }
            let mut command = tool.command("sensor get");
            command.arg(&name);
            let out = lantern_testkit::process::run(&mut command, lantern_testkit::peers::PATIENCE);
            let said = sensor_get(out.expect_success());
            assert_eq!((said.len(), said[0].number), (1, sensor.number), "{out}");
            check_verbose(sensor, &said[0]);
            check_thresholds(sensor, said[0].thresholds(), sensor.raw_thresholds());
        }
    })
    .await;
}

#[tokio::test]
async fn sdr_elist_in_both_forms() {
    each(async |tool, sensors, client| {
        let records = truth::records(client).await;
        let out = tool.run("sdr elist all");
        let rows = sdr_elist(out.expect_success());
        let shown = records.iter().filter(|record| record.name().is_some());
        assert_eq!(rows.len(), shown.clone().count());
        for (row, record) in rows.iter().zip(shown) {
            assert_eq!(row.number, record.sensor_number().unwrap_or(0), "{row:?}");
            let entity = record.entity().unwrap();
            assert_eq!(row.entity, (entity.id, entity.instance), "{row:?}");
        }
        let analogue = || sensors.iter().filter(|sensor| sensor.thresholds.is_some());
        for sensor in analogue() {
            let row = rows.iter().find(|row| row.number == sensor.number).unwrap();
            assert_eq!((row.name.as_str(), row.status.as_str()), (&*sensor.name(), status(sensor)));
            let (figure, unit) = row.text.split_once(' ').unwrap();
            let figure = Figure::parse(figure).unwrap();
            assert!(figure.is_rounded(sensor.value(sensor.reading.raw)), "{row:?}");
            // It has 15 characters for both.
            let units = sensor.full().unwrap().sensor.units.to_string();
            assert!(units.starts_with(unit), "{row:?}");
        }
        let out = tool.run("-v -c sdr elist full");
        let rows = sdr_full_csv(out.expect_success());
        assert_eq!(rows.len(), analogue().count());
        for (row, sensor) in rows.iter().zip(analogue()) {
            assert_eq!(row.name, sensor.plain_name());
            assert!(row.reading.unwrap().is_rounded(sensor.value(sensor.reading.raw)), "{row:?}");
            check_thresholds(sensor, row.thresholds, sensor.record_thresholds());
            let full = sensor.full().unwrap();
            for (figure, raw) in row.range.into_iter().zip([full.sensor_min, full.sensor_max]) {
                assert!(figure.unwrap().is_rounded(deviations::ipmitool(sensor, raw)), "{row:?}");
            }
        }
    })
    .await;
}
