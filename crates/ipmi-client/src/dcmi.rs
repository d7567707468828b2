//! The Data Center Manageability Interface: power, names, temperatures, limits.
//!
//! A BMC that does not know it says so in many ways: C1h, other refusals, or an answer of another
//! group. All of them are [`Error::is_without_dcmi`].

use ipmi_wire::cmd::dcmi::{
    ActivatePowerLimit, AveragePeriod, Capabilities, ConfigurationParameter, Conformance,
    GROUP_FIELD, GetAssetTag, GetDcmiCapabilitiesInfo, GetDcmiConfigurationParameters,
    GetDcmiSensorInfo, GetManagementControllerIdentifierString, GetPowerLimit, GetPowerReading,
    GetTemperatureReadings, GetThermalLimit, Instances, PowerLimit, PowerLimitSet, PowerReading,
    SetAssetTag, SetDcmiConfigurationParameters, SetManagementControllerIdentifierString,
    SetPowerLimit, SetThermalLimit, TEMPERATURE, TemperatureReading, TextPiece, ThermalLimit,
};
use ipmi_wire::{Command, CompletionCode, DecodeError, Reader, Request};

use crate::bmc::Bmc;
use crate::error::{Error, ErrorKind};
use crate::written::{Told, Written, told};

/// What a BMC says of its part in DCMI.
#[derive(Debug)]
pub struct Dcmi {
    /// Which specification it follows.
    pub conformance: Conformance,
    /// Its parameters 1 to 5, in order.
    pub parameters: Vec<Told<Capabilities>>,
}

/// A power limit, and whether it is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitState {
    /// In force.
    pub active: bool,
    /// The limit; some BMCs do not tell one that is not in force.
    pub limit: Option<PowerLimit>,
}

/// The entities of DCMI that have temperatures: inlet, processors, board.
pub const ENTITIES: [u8; 3] = [0x40, 0x41, 0x42];

/// The most bytes of an asset tag.
pub const ASSET_TAG: usize = 63;
/// The most bytes of an identifier string, without the zero at its end.
pub const IDENTIFIER: usize = 63;

impl Bmc {
    /// What a BMC says of its part in DCMI.
    ///
    /// # Errors
    /// As [`Bmc::send`]; see [`Error::is_without_dcmi`].
    pub async fn dcmi(&self) -> Result<Dcmi, Error> {
        let first = self.send(&GetDcmiCapabilitiesInfo { selector: 1 }).await?;
        let mut parameters = vec![Ok(first.capabilities)];
        for selector in 2..=5 {
            let info = told(self.send(&GetDcmiCapabilitiesInfo { selector }).await)?;
            parameters.push(info.map(|info| info.capabilities));
        }
        Ok(Dcmi { conformance: first.conformance, parameters })
    }

    /// What the machine draws, over the sampling period.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn power_reading(&self) -> Result<PowerReading, Error> {
        self.send(&GetPowerReading::System).await
    }

    /// The same over each period that the BMC has averages of.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn power_averages(&self) -> Result<Vec<(AveragePeriod, Told<PowerReading>)>, Error> {
        let info = self.send(&GetDcmiCapabilitiesInfo { selector: 5 }).await?;
        let Capabilities::Enhanced(periods) = info.capabilities else { return Ok(Vec::new()) };
        let mut readings = Vec::new();
        for period in periods {
            readings.push((period, told(self.send(&GetPowerReading::Enhanced(period)).await)?));
        }
        Ok(readings)
    }

    /// The power limit. That none is in force comes as a code (80h), with the limit or without.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn power_limit(&self) -> Result<LimitState, Error> {
        match self.coded(&GetPowerLimit, |code| code == GetPowerLimit::NOT_ACTIVE).await? {
            (code, limit) if code.is_ok() => {
                Ok(LimitState { active: true, limit: limit.ok().map(|limit| limit.0) })
            }
            (_, limit) => Ok(LimitState {
                active: false,
                limit: limit.ok().map(|PowerLimitSet(limit)| limit),
            }),
        }
    }

    /// Sets the power limit, and reads it back.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn set_power_limit(
        &self,
        before: LimitState,
        limit: PowerLimit,
    ) -> Result<Written<LimitState>, Error> {
        let asked = LimitState { limit: Some(limit), ..before };
        let write = async || self.send(&SetPowerLimit(limit)).await.map(drop);
        let read = async || {
            let state = self.power_limit().await?;
            match state.limit {
                Some(_) => Ok(state),
                // Some tell a limit only while it is in force.
                None => {
                    let why = "it does not tell a limit that is not in force";
                    Err(self.error(GetPowerLimit::NAME, ErrorKind::Inconsistent(why)))
                }
            }
        };
        self.write_and_read(asked, Some(before), write, read).await
    }

    /// Puts the power limit in force, or out of it.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn activate_power_limit(&self, active: bool) -> Result<Written<bool>, Error> {
        let before = self.power_limit().await?.active;
        let write = async || self.send(&ActivatePowerLimit { active }).await.map(drop);
        let read = async || self.power_limit().await.map(|state| state.active);
        self.write_and_read(active, Some(before), write, read).await
    }

    /// The asset tag, in bytes.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn asset_tag(&self) -> Result<Vec<u8>, Error> {
        // 80h to 83h name the text's encoding, and the text follows.
        let is_encoding = |code: CompletionCode| matches!(code.0, 0x80..=0x83);
        self.pieces(async |offset, count| {
            self.coded(&GetAssetTag { offset, count }, is_encoding).await?.1
        })
        .await
    }

    /// Sets the asset tag, and reads it back.
    ///
    /// # Errors
    /// As [`Bmc::send`]; nothing is sent if it is too long.
    pub async fn set_asset_tag(&self, tag: &[u8]) -> Result<Written<Vec<u8>>, Error> {
        self.fits(SetAssetTag::NAME, tag, ASSET_TAG)?;
        let write = async || {
            if tag.is_empty() {
                return self.send(&SetAssetTag { offset: 0, data: Vec::new() }).await.map(drop);
            }
            for (offset, data) in (0_u8..).step_by(16).zip(tag.chunks(TextPiece::MOST.into())) {
                self.send(&SetAssetTag { offset, data: data.to_vec() }).await?;
            }
            Ok(())
        };
        let before = told(self.asset_tag().await)?.ok();
        self.write_and_read(tag.to_vec(), before, write, async || self.asset_tag().await).await
    }

    /// The management controller's identifier string, in bytes.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn controller_identifier(&self) -> Result<Vec<u8>, Error> {
        let mut text = self
            .pieces(async |offset, count| {
                self.send(&GetManagementControllerIdentifierString { offset, count }).await
            })
            .await?;
        // Some count the zero at its end.
        if let Some(end) = text.iter().position(|byte| *byte == 0) {
            text.truncate(end);
        }
        Ok(text)
    }

    /// Sets the management controller's identifier string, and reads it back.
    ///
    /// # Errors
    /// As [`Bmc::send`]; nothing is sent if it is too long.
    pub async fn set_controller_identifier(&self, id: &[u8]) -> Result<Written<Vec<u8>>, Error> {
        self.fits(SetManagementControllerIdentifierString::NAME, id, IDENTIFIER)?;
        let whole = [id, &[0]].concat();
        let write = async || {
            for (offset, data) in (0_u8..).step_by(16).zip(whole.chunks(TextPiece::MOST.into())) {
                let data = data.to_vec();
                self.send(&SetManagementControllerIdentifierString { offset, data }).await?;
            }
            Ok(())
        };
        let before = told(self.controller_identifier().await)?.ok();
        let read = async || self.controller_identifier().await;
        self.write_and_read(id.to_vec(), before, write, read).await
    }

    /// The IDs of the records of an entity's temperature sensors.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn dcmi_sensors(&self, entity: u8) -> Result<Vec<u16>, Error> {
        let mut records: Vec<u16> = Vec::new();
        loop {
            let info = self.send(&GetDcmiSensorInfo(from(entity, records.len()))).await?;
            let before = records.len();
            let new = info.records.iter().filter(|id| !records.contains(id)).copied();
            let new: Vec<_> = new.collect();
            records.extend(new);
            if records.len() >= info.total.into() || records.len() == before {
                return Ok(records);
            }
        }
    }

    /// An entity's temperatures.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn temperatures(&self, entity: u8) -> Result<Vec<TemperatureReading>, Error> {
        let mut readings: Vec<TemperatureReading> = Vec::new();
        loop {
            let last = readings.iter().map(|reading| reading.instance).max().unwrap_or(0);
            let told = self.send(&GetTemperatureReadings(from(entity, last.into()))).await?;
            let new: Vec<_> = told.readings.into_iter().filter(|r| r.instance > last).collect();
            let done = new.is_empty();
            readings.extend(new);
            if done || readings.len() >= told.total.into() {
                return Ok(readings);
            }
        }
    }

    /// The limit of a temperature at the inlet.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn thermal_limit(&self, entity: u8, instance: u8) -> Result<ThermalLimit, Error> {
        Ok(self.send(&GetThermalLimit { entity, instance }).await?.0)
    }

    /// Sets the limit of a temperature at the inlet, and reads it back.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn set_thermal_limit(
        &self,
        entity: u8,
        instance: u8,
        limit: ThermalLimit,
    ) -> Result<Written<ThermalLimit>, Error> {
        let before = told(self.thermal_limit(entity, instance).await)?.ok();
        let command = SetThermalLimit { entity, instance, limit };
        let write = async || self.send(&command).await.map(drop);
        let read = async || self.thermal_limit(entity, instance).await;
        self.write_and_read(limit, before, write, read).await
    }

    /// The configuration parameters that can be read: 2 to 5.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn dcmi_configuration(&self) -> Result<Vec<Told<ConfigurationParameter>>, Error> {
        let mut parameters = Vec::new();
        for selector in 2..=5 {
            parameters.push(told(self.dcmi_parameter(selector).await)?);
        }
        Ok(parameters)
    }

    /// One of them.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn dcmi_parameter(&self, selector: u8) -> Result<ConfigurationParameter, Error> {
        let command = GetDcmiConfigurationParameters { selector, set: 0 };
        Ok(self.send(&command).await?.parameter)
    }

    /// Sets a configuration parameter, and reads it back.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn set_dcmi_parameter(
        &self,
        parameter: ConfigurationParameter,
    ) -> Result<Written<ConfigurationParameter>, Error> {
        let selector = parameter.selector();
        let before = told(self.dcmi_parameter(selector).await)?.ok();
        let command = SetDcmiConfigurationParameters { set: 0, parameter: parameter.clone() };
        let write = async || self.send(&command).await.map(drop);
        let read = async || self.dcmi_parameter(selector).await;
        self.write_and_read(parameter, before, write, read).await
    }

    /// Runs a command of which some codes are no failure: the code, and what came with it.
    async fn coded<C: Command>(
        &self,
        command: &C,
        is_good: impl Fn(CompletionCode) -> bool,
    ) -> Result<(CompletionCode, Result<C::Response, Error>), Error> {
        let answer = self.send_raw(Request::of(command)).await?;
        let completion = answer.completion;
        if !completion.is_ok() && !is_good(completion) {
            let explained = C::explain(completion);
            let kind = ErrorKind::Refused { completion, explained, access: Some(C::ACCESS) };
            return Err(self.error(C::NAME, kind));
        }
        let decoded = command.decode_response(&mut Reader::new(&answer.data));
        let decoded = decoded.map_err(|source| {
            self.error(C::NAME, ErrorKind::Malformed { bytes: answer.data, source })
        });
        match decoded {
            Err(error) if completion.is_ok() => Err(error),
            decoded => Ok((completion, decoded)),
        }
    }

    /// Reads a text piece by piece.
    async fn pieces(
        &self,
        read: impl AsyncFn(u8, u8) -> Result<TextPiece, Error>,
    ) -> Result<Vec<u8>, Error> {
        let mut text: Vec<u8> = Vec::new();
        let mut total = TextPiece::MOST;
        loop {
            let offset = u8::try_from(text.len()).unwrap_or(u8::MAX);
            let count = total.saturating_sub(offset).min(TextPiece::MOST);
            let piece = read(offset, count).await?;
            total = piece.total;
            text.extend(piece.data.iter().take(count.into()));
            text.truncate(total.into());
            // One that sends nothing more has no more to send.
            if text.len() >= total.into() || piece.data.is_empty() {
                return Ok(text);
            }
        }
    }

    fn fits(&self, doing: &'static str, text: &[u8], most: usize) -> Result<(), Error> {
        if text.len() <= most {
            return Ok(());
        }
        let what = format!("{} bytes, and there is room for {most}", text.len());
        Err(self.error(doing, ErrorKind::NotPossible(what)))
    }
}

/// All instances behind the first `known`.
fn from(entity: u8, known: usize) -> Instances {
    let start = u8::try_from(known.saturating_add(1)).unwrap_or(u8::MAX);
    Instances { sensor_type: TEMPERATURE, entity, instance: 0, start }
}

impl Error {
    /// Whether this is how a BMC says that it does not know DCMI: it does not know the command,
    /// answers for another group, or says that its capabilities are not for everybody, although
    /// anybody may ask for them (OpenIPMI's `ipmi_sim`, of all that it does not know).
    #[must_use]
    pub fn is_without_dcmi(&self) -> bool {
        match &*self.kind {
            ErrorKind::Refused { completion, .. } => match *completion {
                CompletionCode::INVALID_COMMAND => true,
                CompletionCode::INSUFFICIENT_PRIVILEGE => {
                    self.doing == GetDcmiCapabilitiesInfo::NAME
                }
                _ => false,
            },
            ErrorKind::Malformed { source, .. } => matches!(
                source,
                DecodeError::Invalid { field, .. } | DecodeError::Truncated { field, .. }
                    if *field == GROUP_FIELD
            ),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use ipmi_wire::Response;
    use ipmi_wire::cmd::dcmi::ExceptionAction;

    use super::*;
    use crate::fake::{Machine, code, is, of};

    fn bytes(code: u8, data: &[u8]) -> Response {
        Response { completion: CompletionCode(code), data: data.to_vec() }
    }

    #[tokio::test]
    async fn a_limit_that_is_not_active_is_no_failure_with_data_or_without() {
        let limit = [0xdc, 0, 0, 0x11, 0xf4, 1, 0x70, 0x17, 0, 0, 0, 0, 0x3c, 0];
        for (answer, active, watts) in [
            (bytes(0, &limit), true, Some(500)),
            (bytes(0x80, &limit), false, Some(500)),
            (bytes(0x80, &[]), false, None),
        ] {
            let machine = Machine::new();
            machine
                .hook(move |_, request| is::<GetPowerLimit>(request).then(|| Ok(answer.clone())));
            let state = machine.bmc().power_limit().await.unwrap();
            assert_eq!((state.active, state.limit.map(|limit| limit.watts)), (active, watts));
            if let Some(limit) = state.limit {
                assert_eq!(limit.action, ExceptionAction::Log);
            }
        }
    }

    #[tokio::test]
    async fn a_bmc_without_dcmi_is_known_as_one() {
        for answer in [code(0xc1), code(0xd4), bytes(0, &[]), bytes(0, &[0, 1, 5, 2, 0, 1, 1])] {
            let machine = Machine::new();
            machine.hook(move |_, request| {
                is::<GetDcmiCapabilitiesInfo>(request).then(|| Ok(answer.clone()))
            });
            assert!(machine.bmc().dcmi().await.unwrap_err().is_without_dcmi());
        }
        let machine = Machine::new();
        machine.hook(|_, _| Some(Ok(code(0xd4))));
        assert!(!machine.bmc().power_reading().await.unwrap_err().is_without_dcmi());
    }

    #[tokio::test]
    async fn a_tag_is_read_in_pieces_whatever_its_encoding() {
        let machine = Machine::new();
        machine.hook(|_, request| {
            let GetAssetTag { offset, count } = of(request)?;
            let tag = [b'x'; 40];
            let piece = &tag[offset.into()..][..usize::from(count).min(40 - usize::from(offset))];
            Some(Ok(bytes(0x83, &[&[0xdc, 40], piece].concat())))
        });
        assert_eq!(machine.bmc().asset_tag().await.unwrap(), [b'x'; 40]);
        assert_eq!(machine.count::<GetAssetTag>(), 3);
        // What is too long is not sent.
        machine.bmc().set_asset_tag(&[b'y'; 64]).await.unwrap_err();
        assert_eq!(machine.count::<SetAssetTag>(), 0);
    }
}
