//! Which heading is used for what, and the same said anew by a person.

use super::fold::fold_heading;
use super::form::{Mapping, Part};
use super::guess::{Target, fill};
use super::kind::fields_of;
use crate::domain::feed::Feed;

/// The fields of a feed that a column may fill, in the order of its schema.
pub fn field_names(feed: Feed) -> impl Iterator<Item = &'static str> {
    fields_of(feed).iter().map(|field| field.name.as_str())
}

impl Mapping {
    /// What a column is used for; `None` where nothing is said of it. One that fills several fields is told by the first.
    pub fn target_of(&self, heading: &str) -> Option<Target> {
        let folded = fold_heading(heading);
        let is = |known: &str| fold_heading(known) == folded;
        if self.left_out.iter().any(|known| is(known)) {
            return Some(Target::LeftOut);
        }
        let of_field = |(field, source): (&String, &super::form::Source)| {
            source.column.as_deref().filter(|known| is(known)).map(|_| match source.part {
                Some(Part::Place | Part::Date) => Target::BirthPlaceAndDate,
                Some(Part::Rt | Part::Rw) => Target::RtAndRw,
                None => Target::Field(field.clone()),
            })
        };
        let of_place = || {
            let place = self.place.as_ref()?;
            let levels = [
                (&place.village, Target::Village),
                (&place.district, Target::District),
                (&place.regency, Target::Regency),
            ];
            levels.into_iter().find(|(known, _)| known.as_deref().is_some_and(is)).map(|(_, target)| target)
        };
        let of_id = || self.id.columns.iter().any(|known| is(known)).then(|| Target::Field("id_sumber".to_owned()));
        self.fields.iter().find_map(of_field).or_else(of_place).or_else(of_id)
    }

    /// Uses a column for something else than before, or for nothing that is decided. What its words mean is asked anew.
    pub fn assign(&mut self, heading: &str, target: Option<&Target>) {
        let folded = fold_heading(heading);
        let is = |known: &str| fold_heading(known) == folded;
        self.left_out.retain(|known| !is(known));
        self.fields.retain(|_, source| source.column.as_deref().is_none_or(|known| !is(known)));
        self.id.columns.retain(|known| !is(known));
        if let Some(place) = &mut self.place {
            for level in [&mut place.village, &mut place.district, &mut place.regency] {
                level.take_if(|known| is(known));
            }
        }
        self.place.take_if(|place| place.village.is_none() && place.district.is_none() && place.regency.is_none());
        let Some(target) = target else { return };
        if let Target::Field(name) = target {
            // A person says it: the column that filled the field before is undecided.
            self.fields.remove(name);
        }
        fill(self, target, heading);
    }
}
