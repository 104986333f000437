import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, type ValidationArguments, type ValidatorConstraintInterface } from 'class-validator';

type Class = new () => object;
type Values = Readonly<Record<string, unknown>>;
type Metadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];
type Test = (value: unknown, object: Values) => boolean;

interface Field {
  readonly name: string;
  /** All must say so, or the field is not looked at. */
  readonly conditions: readonly ((object: Values, value: unknown) => boolean)[];
  readonly tests: readonly Test[];
}

/**
 * A quick check by the constraints of a DTO class: true only for what class-validator accepts. What it refuses, and all of a class that uses
 * more of class-validator than is understood here, class-validator must decide.
 */
export function compileCheck(dto: Class): (object: Values) => boolean {
  const metadatas = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  if (metadatas.length === 0 || !metadatas.every(isUnderstood)) return () => false;
  const names = [...new Set(metadatas.map(({ propertyName }) => propertyName))];
  const fields = names.map((name) =>
    toField(
      dto,
      name,
      metadatas.filter(({ propertyName }) => propertyName === name),
    ),
  );
  return (object) => fields.every((field) => holds(field, object));
}

function holds({ name, conditions, tests }: Field, object: Values): boolean {
  const value = object[name];
  return !conditions.every((isAsked) => isAsked(object, value)) || tests.every((test) => test(value, object));
}

function isUnderstood({ type, each, groups, always, validationTypeOptions }: Metadata): boolean {
  const isOfKnownType = ['customValidation', 'conditionalValidation', 'nestedValidation'].includes(type);
  return isOfKnownType && !each && !always && !(groups?.length > 0) && validationTypeOptions === undefined;
}

function toField(dto: Class, name: string, metadatas: readonly Metadata[]): Field {
  const conditions = metadatas.filter(({ type }) => type === 'conditionalValidation');
  return {
    name,
    conditions: conditions.map(({ constraints }) => constraints[0] as Field['conditions'][number]),
    tests: metadatas.flatMap((metadata) => {
      if (metadata.type === 'customValidation') return constraintTests(dto, metadata);
      return metadata.type === 'nestedValidation' ? [nestedTest(dto, name)] : [];
    }),
  };
}

function constraintTests(dto: Class, { constraintCls, constraints, propertyName: property }: Metadata): Test[] {
  return getMetadataStorage()
    .getTargetValidatorConstraints(constraintCls)
    .map(({ instance, async: isAsync }) => {
      if (isAsync) return () => false;
      const constraint: ValidatorConstraintInterface = instance;
      return (value, object) => {
        const told: ValidationArguments = { value, object, property, constraints, targetName: dto.name };
        return constraint.validate(value, told) === true;
      };
    });
}

function nestedTest(dto: Class, name: string): Test {
  const made: unknown = (plainToInstance(dto, { [name]: {} }) as Values)[name];
  const isOfClass = typeof made === 'object' && made !== null && made.constructor !== Object;
  if (!isOfClass) return () => false;
  const check = compileCheck(made.constructor as Class);
  return (value) => typeof value === 'object' && value !== null && !Array.isArray(value) && check(value as Values);
}
