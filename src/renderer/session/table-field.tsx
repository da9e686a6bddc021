import { useState } from 'react'
import { ChevronIcon } from '../ui/icons.tsx'
import { columnNames, columnWords, isRequired } from './table-draft.ts'
import type { TableDraft, TableField as TableFieldName } from './table-draft.ts'
import { TextField } from './text-field.tsx'

interface TableFieldProps {
  readonly table: TableDraft
  readonly errors: Partial<Record<TableFieldName, string>>
  readonly onChange: (table: TableDraft) => void
}

const mostLetters = 63

/** What the columns of the table mean; closed as long as nobody asks and nothing in it is wrong. */
export function TableField({ table, errors, onChange }: TableFieldProps) {
  const [opened, setOpened] = useState(false)
  const wrong = Object.keys(errors).length > 0
  return (
    <details
      className="table-field"
      open={opened || wrong}
      onToggle={(event) => setOpened(event.currentTarget.open)}
    >
      <summary>
        <ChevronIcon size={12} />
        Table and columns
        <span className="choice-about">
          {table.schema}.{table.table}
        </span>
      </summary>
      <div className="table-names">
        <TextField
          id="table-schema"
          label="Schema"
          hint="public"
          mono
          maxLength={mostLetters}
          value={table.schema}
          error={errors['table.schema']}
          onChange={(schema) => onChange({ ...table, schema })}
        />
        <TextField
          id="table-table"
          label="Table"
          hint="translation_jobs"
          mono
          maxLength={mostLetters}
          value={table.table}
          error={errors['table.table']}
          onChange={(name) => onChange({ ...table, table: name })}
        />
        <p className="field-hint">
          The columns that hold what the console shows. Leave out what the table does not have.
        </p>
        {columnNames.map((name) => (
          <TextField
            key={name}
            id={`column-${name}`}
            label={columnWords[name]}
            hint={isRequired(name) ? 'needed' : 'none'}
            mono
            maxLength={mostLetters}
            value={table.columns[name]}
            error={errors[`column.${name}`]}
            onChange={(typed) =>
              onChange({ ...table, columns: { ...table.columns, [name]: typed } })
            }
          />
        ))}
      </div>
    </details>
  )
}
