//! NetFn Sensor/Event (04h): readings, thresholds, events as sensors report them, and what is done
//! about those: Platform Event Filtering (PEF).

mod event_bits;
mod event_filter;
mod pef_parameter;
mod pef_values;

pub use event_bits::EventBits;
pub use event_filter::{DataMatch, EventFilter, FilterConfiguration, FilterKind};
pub use pef_parameter::PefParameter;
pub use pef_values::{
    AlertPolicy, AlertStringBlock, AlertStringKeys, GroupControl, GroupMember, PefActions,
    PefControl, PetGuid, PolicyRule,
};

use crate::command::commands;

commands! {
    set_event_receiver: SetEventReceiver;
    get_event_receiver: GetEventReceiver;
    platform_event: PlatformEvent;
    get_pef_capabilities: GetPefCapabilities;
    arm_pef_postpone_timer: ArmPefPostponeTimer;
    set_pef_configuration_parameters: SetPefConfigurationParameters;
    get_pef_configuration_parameters: GetPefConfigurationParameters;
    set_last_processed_event_id: SetLastProcessedEventId;
    get_last_processed_event_id: GetLastProcessedEventId;
    alert_immediate: AlertImmediate;
    pet_acknowledge: PetAcknowledge;
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
