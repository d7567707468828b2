//! `sensor`.

use ipmi_client::Bmc;

use super::Outcome;
use crate::cli::Sensor;
use crate::view::sensor::List;

pub(super) async fn run(command: &Sensor, bmc: &Bmc) -> Outcome {
    match command {
        Sensor::List => Ok(Box::new(List::from(bmc.sensors(true).await?.as_slice()))),
    }
}
