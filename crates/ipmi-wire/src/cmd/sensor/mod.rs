//! NetFn Sensor/Event (04h): readings, thresholds, and events as sensors report them.

mod event_bits;

pub use event_bits::EventBits;

use crate::command::commands;

commands! {
    set_event_receiver: SetEventReceiver;
    get_event_receiver: GetEventReceiver;
    platform_event: PlatformEvent;
    get_device_sdr_info: GetDeviceSdrInfo;
    get_device_sdr: GetDeviceSdr;
    reserve_device_sdr_repository: ReserveDeviceSdrRepository;
    get_sensor_reading_factors: GetSensorReadingFactors;
    set_sensor_hysteresis: SetSensorHysteresis;
    get_sensor_hysteresis: GetSensorHysteresis;
    set_sensor_thresholds: SetSensorThresholds;
    get_sensor_thresholds: GetSensorThresholds;
    set_sensor_event_enable: SetSensorEventEnable;
    get_sensor_event_enable: GetSensorEventEnable;
    rearm_sensor_events: RearmSensorEvents;
    get_sensor_event_status: GetSensorEventStatus;
    get_sensor_reading: GetSensorReading;
    set_sensor_type: SetSensorType;
    get_sensor_type: GetSensorType;
    set_sensor_reading: SetSensorReading;
}
