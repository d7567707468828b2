//! NetFn Sensor/Event (04h): readings and thresholds.

use crate::command::commands;

commands! {
    get_sensor_thresholds: GetSensorThresholds;
    get_sensor_reading: GetSensorReading;
}
