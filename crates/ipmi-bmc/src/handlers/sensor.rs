//! Sensors and events: everything of NetFn 04h but the device's own records.

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::sensor::{
    EventReceiver, GetEventReceiver, GetSensorEventEnable, GetSensorEventStatus,
    GetSensorHysteresis, GetSensorReading, GetSensorReadingFactors, GetSensorThresholds,
    GetSensorType, PlatformEvent, RearmSensorEvents, SensorEventEnable, SensorEventStatus,
    SensorHysteresis, SensorReading, SensorReadingFactors, SensorThresholds, SensorTypes,
    SetEventReceiver, SetSensorEventEnable, SetSensorHysteresis, SetSensorReading,
    SetSensorThresholds, SetSensorType,
};
use ipmi_wire::lan::BMC_ADDRESS;

use crate::bmc::Bmc;
use crate::context::{Context, Origin};
use crate::dispatch::{Outcome, Table};

pub(super) fn register(table: &mut Table) {
    table
        .on(set_event_receiver)
        .on(get_event_receiver)
        .on(platform_event)
        .on(get_sensor_reading_factors)
        .on(set_sensor_hysteresis)
        .on(get_sensor_hysteresis)
        .on(set_sensor_thresholds)
        .on(get_sensor_thresholds)
        .on(set_sensor_event_enable)
        .on(get_sensor_event_enable)
        .on(rearm_sensor_events)
        .on(get_sensor_event_status)
        .on(get_sensor_reading)
        .on(set_sensor_type)
        .on(get_sensor_type)
        .on(set_sensor_reading);
}

/// Where events go that stay here.
const OURSELVES: EventReceiver = EventReceiver { address: BMC_ADDRESS, lun: 0 };

/// Events go into our own log or nowhere: there is no IPMB that would carry them to another
/// controller.
fn set_event_receiver(bmc: &mut Bmc, _: &Context, request: SetEventReceiver) -> Outcome<()> {
    match request.receiver {
        OURSELVES => bmc.sensors.send_events(true),
        // §29.1: FFh disables; the LUN does not matter then.
        EventReceiver { address: 0xff, .. } => bmc.sensors.send_events(false),
        _ => return Err(CompletionCode::INVALID_DATA_FIELD),
    }
    Ok(())
}

fn get_event_receiver(bmc: &mut Bmc, _: &Context, _: GetEventReceiver) -> Outcome<EventReceiver> {
    Ok(if bmc.sensors.sends_events() { OURSELVES } else { EventReceiver::DISABLED })
}

fn platform_event(bmc: &mut Bmc, context: &Context, request: PlatformEvent) -> Outcome<()> {
    let time = bmc.clock.now(context.now);
    let record = request.to_record(0, time, sender(context.origin));
    match context.origin {
        // §22.1: what comes over the system interface is logged whatever the global enables say.
        Origin::SystemInterface => bmc.log(context.now, record).map(drop),
        Origin::Session { .. } | Origin::Sessionless { .. } => bmc.take_event(context.now, record),
    }
}

/// The generator ID of an event whose sender does not name itself: the software ID of system
/// software on the host, or of a remote console with the channel it came in on.
///
/// Source: IPMI v2.0 §5.5, Table 5-4; §32.1, bytes 8 and 9.
fn sender(origin: Origin) -> u16 {
    const SYSTEM_SOFTWARE: u8 = 0x41;
    const REMOTE_CONSOLE: u8 = 0x81;
    match origin {
        Origin::SystemInterface => SYSTEM_SOFTWARE.into(),
        Origin::Session { channel, .. } | Origin::Sessionless { channel } => {
            u16::from_le_bytes([REMOTE_CONSOLE, channel.number() << 4])
        }
    }
}

fn get_sensor_reading_factors(
    bmc: &mut Bmc,
    _: &Context,
    request: GetSensorReadingFactors,
) -> Outcome<SensorReadingFactors> {
    bmc.sensors.factors(request.number, request.raw)
}

fn set_sensor_hysteresis(bmc: &mut Bmc, _: &Context, request: SetSensorHysteresis) -> Outcome<()> {
    bmc.sensors.set_hysteresis(request.number, request.hysteresis)
}

fn get_sensor_hysteresis(
    bmc: &mut Bmc,
    _: &Context,
    request: GetSensorHysteresis,
) -> Outcome<SensorHysteresis> {
    bmc.sensors.hysteresis(request.number)
}

fn set_sensor_thresholds(bmc: &mut Bmc, _: &Context, request: SetSensorThresholds) -> Outcome<()> {
    bmc.sensors.set_thresholds(request.number, request.set, request.values)
}

fn get_sensor_thresholds(
    bmc: &mut Bmc,
    _: &Context,
    request: GetSensorThresholds,
) -> Outcome<SensorThresholds> {
    bmc.sensors.thresholds(request.number)
}

fn set_sensor_event_enable(
    bmc: &mut Bmc,
    context: &Context,
    request: SetSensorEventEnable,
) -> Outcome<()> {
    bmc.sensors.set_enables(context.now, &request)
}

fn get_sensor_event_enable(
    bmc: &mut Bmc,
    _: &Context,
    request: GetSensorEventEnable,
) -> Outcome<SensorEventEnable> {
    bmc.sensors.enables(request.number)
}

fn rearm_sensor_events(bmc: &mut Bmc, _: &Context, request: RearmSensorEvents) -> Outcome<()> {
    bmc.sensors.rearm(request.number, request.selected)
}

fn get_sensor_event_status(
    bmc: &mut Bmc,
    context: &Context,
    request: GetSensorEventStatus,
) -> Outcome<SensorEventStatus> {
    bmc.sensors.event_status(context.now, request.number)
}

fn get_sensor_reading(
    bmc: &mut Bmc,
    context: &Context,
    request: GetSensorReading,
) -> Outcome<SensorReading> {
    bmc.sensors.reading(context.now, request.number)
}

fn set_sensor_type(bmc: &mut Bmc, _: &Context, request: SetSensorType) -> Outcome<()> {
    bmc.sensors.set_types(request.number, request.types)
}

fn get_sensor_type(bmc: &mut Bmc, _: &Context, request: GetSensorType) -> Outcome<SensorTypes> {
    bmc.sensors.types(request.number)
}

fn set_sensor_reading(bmc: &mut Bmc, context: &Context, request: SetSensorReading) -> Outcome<()> {
    bmc.sensors.write(context.now, &request)
}
