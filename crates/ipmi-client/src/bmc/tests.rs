use std::time::Duration;

use ipmi_wire::cmd::sensor::SensorHysteresis;
use ipmi_wire::fru::{Area, Fru, Product};
use ipmi_wire::sdr::ThresholdKind;

use crate::fake::{Machine, code, full_sensor};
use crate::fru::FruId;
use crate::sensors::SensorRef;

/// `research/freeipmi.md` §4.8: C0h for every other request.
#[tokio::test(start_paused = true)]
async fn a_bmc_that_is_busy_every_other_time_does_everything_all_the_same() {
    let machine = Machine::with_sdrs([full_sensor(1, "CPU Temp")]);
    let mut fru = Fru::new();
    fru.product = Some(Product::new().with(Product::ASSET_TAG, "rack 12").unwrap());
    {
        let mut world = machine.world();
        world.most = 16;
        world.reads(1, &[40, 0xc0, 0xc0]);
        world.thresholds.insert(1, [0x3f, 0, 0, 0, 90, 95, 100]);
        world.hysteresis.insert(1, [2, 2]);
        world.events.insert(1, vec![0xc0, 0, 0, 0, 0]);
        world.frus.insert(0, fru.encode(Some(128)).unwrap());
        (1..=9).for_each(|n| {
            world.log(n);
        });
    }
    let mut busy = false;
    machine.hook(move |_, _| {
        busy = !busy;
        busy.then(|| Ok(code(0xc0)))
    });
    let bmc = machine.bmc();
    let wanted = SensorRef::Name("CPU Temp".to_owned());
    let sensor = bmc.get_sensor(wanted, true).await.unwrap().remove(0);
    assert_eq!(sensor.thresholds.len(), 6);
    let info = sensor.info.clone();
    let details = bmc.sensor_details(sensor).await.unwrap();
    assert!(details.hysteresis.is_some() && details.event_enables.is_some());
    let changes = [(ThresholdKind::UpperCritical, 91.0)];
    assert!(bmc.set_thresholds(&info, &changes).await.unwrap()[0].taken);
    let hysteresis = SensorHysteresis { positive: 3, negative: 3 };
    assert_eq!(bmc.set_hysteresis(&info, hysteresis).await.unwrap(), hysteresis);
    bmc.rearm_sensor(&info, None).await.unwrap();

    let record = bmc.sel_recent(1).await.unwrap().records[0];
    assert_eq!(bmc.sel_add(&record).await.unwrap(), 10);
    assert_eq!(bmc.sel_delete(&[3]).await.unwrap().len(), 1);
    bmc.sel_clear(Duration::from_secs(20)).await.unwrap();

    let device = FruId::new(0);
    bmc.edit_fru_field(device, Area::Product, Product::ASSET_TAG, "rack 13").await.unwrap();

    let records = [full_sensor(1, "A"), full_sensor(2, "B")];
    let filled = bmc.fill_sdr_repository(&records).await.unwrap();
    assert!(filled.failed.is_none(), "{:?}", filled.failed);
    assert_eq!(bmc.sdrs().await.unwrap().sensors().len(), 2);
}
