class Loan < ApplicationRecord
  belongs_to :member

  scope :late, -> { where("due_on < ?", Date.today) }
end
