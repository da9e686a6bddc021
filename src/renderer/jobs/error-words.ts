/** What a job's own error code means; backends choose codes, so an unknown one is said to be one. */
const meanings: readonly (readonly [RegExp, string])[] = [
  [
    /malformed|parse|syntax|invalid_(row|input|text)/i,
    'A row of the input could not be read. Repair the source, then start the job again.',
  ],
  [
    /unknown_reference|foreign|23503/i,
    'A row points to something that is not there. Load what it points to first, or correct the row.',
  ],
  [
    /value_missing|out_of_range|not_null|23502|22003/i,
    'A row has an empty or an impossible value in one of its columns. Correct it at the source, then start the job again.',
  ],
  [
    /recipe_unknown/i,
    'The worker knows no job of this kind; it is older or newer than whoever asked for the job.',
  ],
  [
    /unique|duplicate|23505/i,
    'A row with this key is already there. Remove the double from the source, or load it as an update.',
  ],
  [
    /constraint|check_|235\d\d/i,
    'The database refused a row because it breaks a rule of the table. Nothing of that batch was written.',
  ],
  [/timeout|timed_out|57014/i, 'A step took longer than it may. It may work when tried again.'],
  [
    /certificate|tls|ssl/i,
    'The system that the job talks to shows a certificate that is not trusted.',
  ],
  [
    /connect|network|unreachable|refused/i,
    'The system that the job talks to could not be reached. It may work when tried again.',
  ],
  [/lost|interrupted|worker|restart|shutdown/i, 'The worker stopped before the job was done.'],
]

export const errorMeaning = (code: string): string =>
  meanings.find(([pattern]) => pattern.test(code))?.[1] ??
  'The backend gives no further explanation for this code.'
