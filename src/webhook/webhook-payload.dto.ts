import { Type } from 'class-transformer';
import { IsNotEmpty, IsObject, IsOptional, IsString, ValidateNested } from 'class-validator';

export class EmailAddressDto {
  /** May be missing or empty, as in system mails. */
  @IsOptional()
  @IsString()
  address?: string | null;
}

export class CorrespondentDto {
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => EmailAddressDto)
  emailAddress?: EmailAddressDto | null;
}

/**
 * The part of a delivery that must hold, because without it there is no right answer. A 400 loses the message for good, so
 * everything else is read as it comes (`toDelivery`).
 *
 * @source Emailgistics webhook documentation, "Request payload"
 */
export class WebhookPayloadDto {
  /** Id of the message, opaque. */
  @IsString()
  @IsNotEmpty()
  id!: string;

  /** `received`; other values will come. */
  @IsString()
  @IsNotEmpty()
  event!: string;

  /** Address of the shared mailbox. */
  @IsString()
  @IsNotEmpty()
  mailbox!: string;

  /** Header From; null or empty when the message has none. */
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => CorrespondentDto)
  from?: CorrespondentDto | null;
}
